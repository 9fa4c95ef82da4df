"""Flow `ingest-events`: event files into a queue of an execution account."""

from tasks.account_run import account_run
from tasks.artifacts import show_run
from tasks.check_conservation import check_conservation
from tasks.exchange.named_files import named_files
from tasks.ingest_events import IngestCounts
from tasks.operated import operated
from tasks.parameters import AccountParameter, NowParameter, PathsParameter, QueueParameter
from tasks.show_rejects import show_rejects
from tasks.take_in_files import ingest_files


@operated("ingest-events")
async def ingest_events(
    account: AccountParameter,
    queue: QueueParameter = "batch",
    paths: PathsParameter = None,
    now: NowParameter = None,
) -> IngestCounts:
    """Reads event files in any accepted format; keeps what is new, counts copies, sets aside what is no event.

    Args:
        account: Execution account.
        queue: Queue of the events: batch or real time.
        paths: Files or folders; empty: all that waits in the account's inbox.
        now: Clock of the run; empty: the real time.
    """
    run = account_run(account, now)
    counts = ingest_files(run, queue, named_files(paths) if paths else None)
    await show_rejects(run, queue, rejected=counts.rejected, unreadable_files=counts.unreadable_files)
    await show_run("ingest-events", account, vars(counts), check_conservation(run.store))
    return counts
