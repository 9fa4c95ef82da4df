"""Files from an account's inboxes, or named ones, taken in one after the other."""

from collections.abc import Iterable
from pathlib import Path

from tasks.account_run import AccountRun
from tasks.collect_delivery_logs import CollectCounts, collect_delivery_log, find_delivery_logs
from tasks.contracts.vocabulary import Queue
from tasks.ingest_events import IngestCounts, find_event_files, ingest_file
from tasks.progress import progressing


def ingest_files(run: AccountRun, queue: Queue, files: Iterable[Path] | None = None) -> IngestCounts:
    """Takes event files into a queue; left out: all that waits in the queue's inbox."""
    counts = IngestCounts()
    waiting = find_event_files(run.settings, run.account, queue) if files is None else files
    for path in progressing(waiting, "files"):
        counts = counts.plus(ingest_file(run.settings, run.account, path, queue=queue, now=run.now))
    return counts


def collect_files(run: AccountRun, files: Iterable[Path] | None = None) -> CollectCounts:
    """Stores delivery logs; left out: all that waits in the account's inbox for them."""
    counts = CollectCounts()
    waiting = find_delivery_logs(run.settings, run.account) if files is None else files
    for path in progressing(waiting, "files"):
        counts = counts.plus(collect_delivery_log(run.settings, run.account, path, now=run.now))
    return counts
