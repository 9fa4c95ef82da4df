"""What both processing flows do: files taken in where asked to, events routed, what was routed handed over."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from tasks.account_run import AccountRun
from tasks.artifacts import show_run
from tasks.check_conservation import check_conservation
from tasks.contracts.vocabulary import Queue
from tasks.deliver_events import deliver_events
from tasks.route_events import apply_routing, read_pending_events, read_routing_templates, route
from tasks.show_rejects import show_rejects
from tasks.take_in_files import ingest_files

ProcessCounts = dict[str, int]
WAITING: Final = frozenset({"due", "deferred", "template_paused"})
Step = Literal["ingested", "routed", "handed over"]


async def process_queue(run: AccountRun, queue: Queue, *, deliver: bool, ingest: bool = False) -> ProcessCounts:
    """Routes the pending events of a queue and, where asked to, hands the queue's messages over.

    Returns:
        The counts of routing, and those of the files and of the hand-over under names of their own.
    """
    counts = await process_once(run, queue, deliver=deliver, files=None if ingest else ())
    rejected, unreadable = counts.get("ingest_rejected", 0), counts.get("ingest_unreadable_files", 0)
    await show_rejects(run, queue, rejected=rejected, unreadable_files=unreadable)
    await show_run(f"process-{queue}-events", run.account.name, counts, check_conservation(run.store))
    return counts


def did_something(counts: ProcessCounts) -> bool:
    """Whether anything changed: what merely waits is counted each time."""
    return any(count for name, count in counts.items() if name not in WAITING)


async def process_once(
    run: AccountRun,
    queue: Queue,
    *,
    deliver: bool,
    files: Sequence[Path] | None,
    reached: Callable[[Step], None] = lambda _: None,
) -> ProcessCounts:
    """The same, leaving nothing in the Prefect UI.

    Args:
        run: The run.
        queue: The queue.
        deliver: Whether to hand messages over.
        files: What to take in first; null: all that waits in the queue's inbox; empty: nothing, and no counts of it.
        reached: Told of each step once it is durable.
    """
    ingested = vars(ingest_files(run, queue, files)) if files is None or files else {}
    reached("ingested")
    events = read_pending_events(run.store, queue)
    routing = route(run.store, events, read_routing_templates(run.store), now=run.now)
    counts = dict(vars(apply_routing(run.store, routing, account=run.account, queue=queue, now=run.now)))
    reached("routed")
    counts |= {f"ingest_{name}": count for name, count in ingested.items()}
    if deliver:
        handed_over = await deliver_events(run.settings, run.account, now=run.now, queue=queue)
        counts |= {f"delivery_{name}": count for name, count in handed_over.items()}
        reached("handed over")
    return counts
