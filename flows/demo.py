"""Flow `demo`: all the others, on sample and generated events, against a mail server and providers of its own."""

from time import perf_counter
from typing import Annotated

from pydantic import Field

from flows.archive_events import archive_events
from flows.collect_delivery_logs import collect_delivery_logs
from flows.ingest_events import ingest_events
from flows.process_batch_events import process_batch_events
from flows.process_rt_events import process_rt_events
from flows.publish_templates import publish_templates
from flows.update_event_status import update_event_status
from tasks.artifacts import show_markdown
from tasks.contracts.vocabulary import QUEUES
from tasks.demo import FIRST_LOGS, LAST_LOGS, PUBLISHED_AT, SECOND_ROUND, START, prepare_inputs, report_deliveries
from tasks.demo_home import IN_A_DEMO, SAMPLES, fresh_home, receiving_server
from tasks.demo_results import demo_numbers
from tasks.demo_show import DemoRun, Show
from tasks.exchange.demonstration.report_page import write_report_page
from tasks.operated import operated
from tasks.settings import Settings
from tasks.stopwatch import watching


@operated("demo", run_name="{events} events, seed {seed}")
async def demo(
    events: Annotated[int, Field(ge=0, le=10_000_000, description="Events to generate.")] = 20_000,
    seed: Annotated[int, Field(ge=0, le=2**32 - 1, description="Equal seeds give equal events.")] = 7,
) -> DemoRun:
    """Runs every stage twice for every account, archives all of it, and shows what came of it.

    Args:
        events: Events to generate, beside the samples.
        seed: Equal seeds give equal events.
    """
    if IN_A_DEMO.get():
        return await _course(events, seed)
    start = perf_counter()
    with fresh_home(Settings().home / "demo") as home, watching() as watch:
        run = await _course(events, seed)
        numbers = demo_numbers(Settings(), run, watch, seed=seed, waited=0, seconds=perf_counter() - start)
        page = write_report_page(home / "report.html", numbers)
    await show_markdown("demo", f"The report page, on the worker's machine: `{page}`", "What the demonstration showed")
    return run


async def _course(events: int, seed: int) -> DemoRun:
    settings = Settings()
    with receiving_server(settings.home) as server:
        inputs = prepare_inputs(settings, server, events=events, seed=seed)
        show = Show(inputs)
        await show.run(publish_templates, path=str(SAMPLES / "templates"), at=PUBLISHED_AT)
        for account in inputs.accounts:
            for queue in QUEUES:
                await show.run(ingest_events, account, queue=queue, now=START)
        for since, now, logged_at in ((None, START, FIRST_LOGS), (FIRST_LOGS, SECOND_ROUND, LAST_LOGS)):
            for account in inputs.accounts:
                await show.run(process_rt_events, account, now=now)
                await show.run(process_batch_events, account, now=now)
                report_deliveries(settings, account, server, since=since, until=logged_at)
                await show.run(collect_delivery_logs, account, now=logged_at)
                await show.run(update_event_status, account, now=logged_at)
        for account in inputs.accounts:
            await show.run(archive_events, account, now=LAST_LOGS)
    return DemoRun(inputs, tuple(show.steps))
