"""One works at a store without a pause, and one more waits to go on where it ends: no gap, and never two at once.

Kernel locks, gone with their process: `<store>.<work>.lock` is held by who works, `<store>.<work>.queue` by who waits.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasks.store.lock_holder import holder, sign

PROBE_SECONDS: Final = 1.0
"""How long the place in the queue is asked for: who works holds it for an instant, to see whether somebody waits."""
PAUSE_SECONDS: Final = 0.02


class LineFullError(RuntimeError):
    """One works, and one waits already."""


@dataclass
class Place:
    """A place in the line, from the queue to its head."""

    path: Path
    purpose: str
    _waiting: int | None = None
    _working: int | None = None

    def is_first(self) -> bool:
        """Whether it is this one's turn; from then on others may queue up."""
        if self._working is None:
            self._working = _taken(self.path)
            if self._working is not None:
                sign(self._working, self.purpose)
                self._leave_queue()
        return self._working is not None

    def is_followed(self) -> bool:
        """Whether somebody waits."""
        probe = _taken(self.path.with_suffix(".queue"))
        if probe is None:
            return True
        os.close(probe)
        return False

    def queue_up(self) -> bool:
        """Takes the place of the one that waits; False where it is not free."""
        self._waiting = _taken(self.path.with_suffix(".queue"))
        return self._waiting is not None

    def leave(self) -> None:
        """Lets the next one on."""
        self._leave_queue()
        if self._working is not None:
            with suppress(OSError):  # the signature says nothing once its process is gone
                os.ftruncate(self._working, 0)
            os.close(self._working)
            self._working = None

    def _leave_queue(self) -> None:
        if self._waiting is not None:
            os.close(self._waiting)
            self._waiting = None


@contextmanager
def in_line(path: Path, *, purpose: str) -> Iterator[Place]:
    """A place in the line of the lock file `path`, given up at the end of the block.

    Raises:
        LineFullError: One works and one waits; tells who works.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    place = Place(path, purpose)
    deadline = time.monotonic() + PROBE_SECONDS
    while not place.queue_up():
        if time.monotonic() >= deadline:
            raise LineFullError(f"another run waits already to follow the one at work; {holder(path)}")
        time.sleep(PAUSE_SECONDS)
    try:
        yield place
    finally:
        place.leave()


def _taken(path: Path) -> int | None:
    """A descriptor that holds the file's lock; None where somebody else has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
