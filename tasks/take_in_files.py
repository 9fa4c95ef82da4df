"""Files from an account's inboxes, or named ones, taken in."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tasks.account_run import AccountRun
from tasks.collect_delivery_logs import CollectCounts, collect_delivery_log, find_delivery_logs
from tasks.contracts.provider_logs import LogFormat
from tasks.contracts.vocabulary import Queue
from tasks.drain_files import Drain, read_drain, set_unread_aside, store_drain
from tasks.exchange.inbox import set_aside
from tasks.ingest_events import IngestCounts, find_event_files, ingest_file, put_away_read
from tasks.progress import progressing
from tasks.store.store_errors import StoreUnreadableError, StoreVersionError

TROUBLES: Final = (OSError, MemoryError, StoreUnreadableError, StoreVersionError)
"""Of the machine or the store: no file is to blame for them."""


def ingest_files(run: AccountRun, queue: Queue, files: Iterable[Path] | None = None) -> IngestCounts:
    """Takes event files into a queue, in their order, small ones together.

    Args:
        run: The run, with its account.
        queue: Queue of the events.
        files: The files; left out: all that waits in the queue's inbox. One that is gone from there by now is
            somebody else's.
    """
    rest = find_event_files(run.settings, run.account, queue) if files is None else list(files)
    counts, inbox = IngestCounts(), run.settings.inbox(run.account.name, queue)
    while rest:
        drain = read_drain(rest, inbox=inbox, max_bytes=run.settings.max_file_bytes)
        took = _take_in(run, queue, drain) if drain.looked_at else _take_in_alone(run, queue, rest[0])
        counts = counts.plus(took)
        rest = rest[max(drain.looked_at, 1) :]
    return counts


def collect_files(
    run: AccountRun, files: Iterable[Path] | None = None, log_format: LogFormat = "auto"
) -> CollectCounts:
    """Stores delivery logs; left out: all that waits in the account's inbox for them."""
    counts = CollectCounts()
    waiting = find_delivery_logs(run.settings, run.account) if files is None else files
    for path in progressing(waiting, "files"):
        counts = counts.plus(collect_delivery_log(run.settings, run.account, path, now=run.now, log_format=log_format))
    return counts


def _take_in(run: AccountRun, queue: Queue, drain: Drain) -> IngestCounts:
    counts = set_unread_aside(run.store, drain)
    try:
        stored = store_drain(run.store, drain, run.account, queue=queue, now=run.now)
    except TROUBLES:
        raise
    except Exception:
        if len(drain.paths) == 1:
            raise
        return counts.plus(_one_by_one(run, queue, drain.paths))
    for path in drain.paths:
        put_away_read(run.settings, run.account, path, queue=queue)
    return counts.plus(stored)


def _one_by_one(run: AccountRun, queue: Queue, paths: Sequence[Path]) -> IngestCounts:
    """Finds the file that cannot be taken in with the others, and sets it aside.

    That others can be taken in shows that the file is to blame; where none can, nobody knows.
    """
    counts, failed = IngestCounts(), list[tuple[Path, Exception]]()
    for path in paths:
        try:
            counts = counts.plus(_take_in_alone(run, queue, path))
        except TROUBLES:
            raise
        except Exception as error:  # noqa: BLE001 # whatever a file brings about, it must not cost the others
            failed.append((path, error))
    if len(failed) == len(paths):
        raise failed[0][1]
    for path, why in failed:
        set_aside(path, f"{path.name} could not be taken in, and others could: {why!r}. Report it, with the file.")
    return counts.plus(IngestCounts(unreadable_files=len(failed)))


def _take_in_alone(run: AccountRun, queue: Queue, path: Path) -> IngestCounts:
    try:
        return ingest_file(run.settings, run.account, path, queue=queue, now=run.now)
    except FileNotFoundError:
        if path.parent != run.settings.inbox(run.account.name, queue) or path.exists():
            raise
        return IngestCounts()
