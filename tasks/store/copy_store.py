"""A copy of a store as it stands between two transactions, for which writers need not wait."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tasks.store.connection import StoreFile, writing
from tasks.store.lock import StoreBusyError, lock

HEADER_BYTES: Final = 3 * 4096
"""The main header and the two headers of the database, one of which every checkpoint writes anew."""
QUICK_TRIES: Final = 3
"""How often a copy is tried beside the writers; then they wait for it."""
TRIES: Final = 10
"""How often a store that a crash left unfinished is brought to rest before giving up."""


def copy_store(store: StoreFile, target: Path) -> None:
    """Copies a store's file to `target`, in the place of what is there, complete or not at all.

    DuckDB writes a file's blocks anew in free places and then its header, so what was copied between two equal
    headers is one state of the store.

    Raises:
        StoreBusyError: Writers did not leave it in time, or keep crashing in it.
    """
    part = target.with_name(f".{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not any(_copied_beside_writers(store, part) for _ in range(QUICK_TRIES)):
        with at_rest(store) as path:
            shutil.copyfile(path, part)
    descriptor = os.open(part, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    part.replace(target)


def is_copy(store: StoreFile, target: Path) -> bool:
    """Whether `target` is a copy of the store as it stands."""
    return target.exists() and not _log(store).exists() and _header(target) == _header(store.path)


@contextmanager
def at_rest(store: StoreFile) -> Iterator[Path]:
    """Keeps writers out of a store whose file alone, without a log of changes beside it, holds all that was committed.

    Raises:
        StoreBusyError: Writers did not leave it in time, or keep crashing in it.
    """
    for _ in range(TRIES):
        if _log(store).exists() or not store.path.exists():
            with writing(store, purpose="writing a crashed run's changes into the file"):
                pass
        with lock(store.lock_path, exclusive=False, wait_seconds=store.wait_seconds, purpose="copying"):
            if not _log(store).exists():
                yield store.path
                return
    raise StoreBusyError(f"{store.path} keeps a log of changes beside it after {TRIES} tries to fold it in.")


def _copied_beside_writers(store: StoreFile, part: Path) -> bool:
    with at_rest(store) as path:
        before = _header(path)
    shutil.copyfile(store.path, part)
    with at_rest(store) as path:
        return _header(path) == before


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEADER_BYTES)


def _log(store: StoreFile) -> Path:
    return store.path.with_name(f"{store.path.name}.wal")
