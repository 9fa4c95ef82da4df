"""The command `demo`: the whole system at work, on data of its own."""

import asyncio
import atexit
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deployments.command_line.output import AsJson, print_json
from tasks.settings import Settings

Waited = Callable[[], float]


def demo(
    events: Annotated[int, typer.Option(min=0, max=10_000_000, help="Events to generate.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal events.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Run everything once, on sample and generated events, and show what came of it."""
    from deployments.command_line.demo_summary import show_summary, summary
    from tasks.demo_home import fresh_home
    from tasks.stopwatch import watching

    start = time.perf_counter()
    atexit.register(_end_quietly)
    with (
        fresh_home(Settings().home / "demo") as home,
        _server(home) as wait_for_server,
        _progress(),
        watching() as watch,
    ):
        from flows.demo import demo as flow
        from tasks.demo_results import demo_numbers
        from tasks.exchange.demonstration.report_page import write_report_page

        waited = wait_for_server()
        run = asyncio.run(flow(events=events, seed=seed))
        seconds = time.perf_counter() - start
        numbers = demo_numbers(Settings(), run, watch, seed=seed, waited=waited, seconds=seconds)
        page = write_report_page(home / "report.html", numbers)
    if as_json:
        print_json(summary(numbers, page))
    else:
        show_summary(numbers, page)


@contextmanager
def _server(home: Path) -> Iterator[Waited]:
    """The server that is set, or one for the length of the block that starts while other things are done."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import temporary_settings

    from deployments.embedded_server import EmbeddedServer
    from deployments.server import server_or_none

    if server_or_none():
        yield lambda: 0.0
        return
    with EmbeddedServer(home / "prefect") as server, temporary_settings(server.client_settings):
        try:
            yield server.wait
        finally:
            # What is still to be recorded would find no server.
            EventsWorker.drain_all()
            APILogWorker.instance().drain()


@contextmanager
def _progress() -> Iterator[None]:
    """What is being done, for people who watch."""
    from tasks.demo_show import AUDIENCE

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        bar = shown.add_task("starting", total=None)
        AUDIENCE.set(lambda done, total, what: shown.update(bar, completed=done, total=total, description=what))
        yield


def _end_quietly() -> None:
    """Keeps what DuckDB's bindings say of their own leaks at the very end from the person who reads the results."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
