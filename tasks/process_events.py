"""What both processing flows do: files taken in where asked to, events routed, what was routed handed over."""

from tasks.account_run import AccountRun
from tasks.artifacts import show_run
from tasks.check_conservation import check_conservation
from tasks.contracts.vocabulary import Queue
from tasks.deliver_events import deliver_events
from tasks.ingest_events import IngestCounts
from tasks.route_events import apply_routing, read_pending_events, read_routing_templates, route
from tasks.show_rejects import show_rejects
from tasks.take_in_files import ingest_files

ProcessCounts = dict[str, int]


async def process_queue(run: AccountRun, queue: Queue, *, deliver: bool, ingest: bool = False) -> ProcessCounts:
    """Routes the pending events of a queue and, where asked to, hands the queue's messages over.

    Returns:
        The counts of routing, and those of the files and of the hand-over under names of their own.
    """
    ingested = ingest_files(run, queue) if ingest else IngestCounts()
    events = read_pending_events(run.store, queue)
    routing = route(run.store, events, read_routing_templates(run.store), now=run.now)
    counts = dict(vars(apply_routing(run.store, routing, account=run.account, queue=queue, now=run.now)))
    counts |= {f"ingest_{name}": count for name, count in vars(ingested).items() if ingest}
    if deliver:
        handed_over = await deliver_events(run.settings, run.account, now=run.now, queue=queue)
        counts |= {f"delivery_{name}": count for name, count in handed_over.items()}
    await show_rejects(run, queue, rejected=ingested.rejected, unreadable_files=ingested.unreadable_files)
    await show_run(f"process-{queue}-events", run.account.name, counts, check_conservation(run.store))
    return counts
