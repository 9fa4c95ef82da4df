"""Flow `ingest-events`: event files into a queue of an execution account."""

from prefect import flow

from tasks.account_run import account_run
from tasks.artifacts import show_run
from tasks.check_conservation import check_conservation
from tasks.exchange.named_files import named_files
from tasks.ingest_events import IngestCounts, find_event_files, ingest_file
from tasks.parameters import AccountParameter, NowParameter, PathsParameter, QueueParameter


@flow(name="ingest-events", flow_run_name="{account} {queue}", persist_result=False)
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
    files = named_files(paths) if paths else find_event_files(run.settings, run.account, queue)
    counts = IngestCounts()
    for path in files:
        counts = counts.plus(ingest_file(run.settings, run.account, path, queue=queue, now=run.now))
    await show_run("ingest-events", account, vars(counts), check_conservation(run.store))
    return counts
