"""One writer, or many readers, per store file: an advisory lock beside it that dies with its holder.

Everybody, readers too, passes a turnstile (`<name>.queue`) and stays in it until the lock is theirs. So who came first
is served first, and a stream of readers never keeps a writer out. Waiting is left to the kernel: no polling.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.store.lock_holder import holder, sign


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
        StoreBusyError: The lock was not free in time; names its holder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    try:
        turn = _acquired(path.with_suffix(".queue"), fcntl.LOCK_EX, deadline)
        try:
            descriptor = _acquired(path, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH, deadline)
        finally:
            os.close(turn)
    except TimeoutError as error:
        raise StoreBusyError(
            f"{path.stem} was not free within {wait_seconds:g} s; {holder(path)}. "
            "Wait for that run to end, or stop it: its lock goes with it."
        ) from error
    try:
        if exclusive:
            sign(descriptor, purpose)
        yield
        if exclusive:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquired(path: Path, mode: int, deadline: float) -> int:
    """A descriptor that holds the file's lock; closing it lets go.

    Raises:
        TimeoutError: It was not free by the deadline.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        _Waiting(descriptor, mode).until(deadline)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


class _Waiting:
    """Waits for a lock in a thread, for `flock` itself knows no limit; what comes too late is given back."""

    def __init__(self, descriptor: int, mode: int) -> None:
        self._descriptor = descriptor
        self._mode = mode
        self._ended = threading.Event()
        self._guard = threading.Lock()
        self._given_up = False
        self._error: OSError | None = None

    def until(self, deadline: float) -> None:
        """Returns when the lock is there.

        Raises:
            TimeoutError: It is not, at the deadline; the descriptor is no longer the caller's.
        """
        threading.Thread(target=self._wait, name="waiting for a lock", daemon=True).start()
        try:
            self._ended.wait(max(0.0, deadline - time.monotonic()))
        finally:
            with self._guard:
                self._given_up = not self._ended.is_set()
        if self._given_up:
            raise TimeoutError
        if self._error:
            os.close(self._descriptor)
            raise self._error

    def _wait(self) -> None:
        try:
            fcntl.flock(self._descriptor, self._mode)
        except OSError as error:
            self._error = error
        with self._guard:
            if self._given_up:
                os.close(self._descriptor)
            self._ended.set()
