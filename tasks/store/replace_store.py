"""Putting a store file in the place of another, which stays beside it under a dated name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from shutil import copyfile

from tasks.store.connection import StoreFile
from tasks.store.copy_store import at_rest
from tasks.store.flush import flush
from tasks.store.lock import lock
from tasks.store.store_errors import StoreUnreadableError, StoreVersionError


@contextmanager
def replacing(store: StoreFile) -> Iterator[None]:
    """Keeps everybody out of a store while its successor is made.

    Raises:
        StoreBusyError: Somebody did not leave it in time.
    """
    if store.path.exists():
        # Whatever a crash left in its log belongs into the file that is kept, if that can be opened at all.
        with suppress(StoreUnreadableError, StoreVersionError, OSError), at_rest(store):
            pass
    with lock(store.lock_path, exclusive=True, wait_seconds=store.wait_seconds, purpose="restoring from a backup"):
        yield


def put_in_place(successor: StoreFile, store: StoreFile, /, *, now: datetime) -> Path | None:
    """Renames a store's file to the place of `store`, whose own file is kept; within `replacing`.

    Returns:
        Where the file that was there is now; None where there was none.
    """
    with at_rest(successor) as source:
        flush(source)
        kept = _keep(store, now) if store.path.exists() else None
        log = _log(store.path)
        log.unlink(missing_ok=True)
        source.replace(store.path)
    flush(store.path.parent)
    return kept


def _keep(store: StoreFile, now: datetime) -> Path:
    kept = store.path.with_name(f"{store.path.stem}.replaced-{now:%Y%m%dT%H%M%S.%f}Z{store.path.suffix}")
    for ours, theirs in ((store.path, kept), (_log(store.path), _log(kept))):
        if ours.exists():
            _second_name(ours, theirs)
    flush(store.path.parent)
    return kept


def _second_name(path: Path, other: Path) -> None:
    try:
        os.link(path, other)
    except OSError:  # a file system without such links
        copyfile(path, other)
        flush(other)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")
