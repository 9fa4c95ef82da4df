"""One writer, or many readers, per store file: an advisory lock beside it that dies with its holder."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

FIRST_PAUSE_SECONDS = 0.005
LONGEST_PAUSE_SECONDS = 0.1


class StoreBusyError(TimeoutError):
    """A store stayed locked for longer than the caller would wait."""


@contextmanager
def lock(path: Path, *, exclusive: bool, wait_seconds: float, purpose: str) -> Iterator[None]:
    """Holds the lock file `path` while the block runs.

    Args:
        path: The lock file; made where missing.
        exclusive: True keeps everybody else out, False only writers.
        wait_seconds: How long to wait for it.
        purpose: What the lock is held for, told to those who wait in vain.

    Raises:
        StoreBusyError: The lock was not free in time; names the holder where it is a writer.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(descriptor, path, exclusive=exclusive, wait_seconds=wait_seconds)
        if exclusive:
            _sign(descriptor, purpose)
        yield
        if exclusive:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, *, exclusive: bool, wait_seconds: float) -> None:
    mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    deadline = time.monotonic() + wait_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise StoreBusyError(
                    f"{path.stem} was not free within {wait_seconds:g} s; {_holder(path)}. "
                    "Wait for that run to end, or stop it: its lock goes with it."
                ) from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        else:
            return


def _sign(descriptor: int, purpose: str) -> None:
    note = {"pid": os.getpid(), "purpose": purpose, "since": datetime.now(UTC).isoformat(timespec="seconds")}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(note).encode(), 0)


def _holder(path: Path) -> str:
    try:
        note = json.loads(path.read_text())
        return f"process {note['pid']} has held it for {note['purpose']} since {note['since']}"
    except (OSError, ValueError, KeyError):
        return "readers hold it"
