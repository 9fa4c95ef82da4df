"""A request to stop, heeded between two pieces of work instead of in the midst of one."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class StopSignal:
    """Whether this process was asked to stop."""

    is_set: bool = False


@contextmanager
def held_back() -> Iterator[StopSignal]:
    """Keeps SIGTERM for the end of the block, and only tells of it until then.

    What would have happened at once happens at the end: Prefect cancels the run, or the process ends. Signals reach
    the main thread alone; elsewhere nothing changes.
    """
    stop = StopSignal()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def remember(_number: int, _frame: FrameType | None) -> None:
        stop.is_set = True

    before = signal.signal(signal.SIGTERM, remember)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
        if stop.is_set:
            os.kill(os.getpid(), signal.SIGTERM)
