"""A request to stop, heeded between two pieces of work instead of in the midst of one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.states import Cancelled


@dataclass
class StopSignal:
    """Whether this process was asked to stop."""

    is_set: bool = False


@contextmanager
def held_back() -> Iterator[StopSignal]:
    """Takes SIGTERM for a request that the block heeds when it suits it.

    Signals reach the main thread alone; elsewhere nothing changes.
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


async def ended(result: Any) -> Any:
    """The result of a run that ended by itself; of one that is being cancelled, that it is."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return result
    async with get_client() as client:
        run = await client.read_flow_run(context.flow_run.id)
    if run.state and run.state.is_cancelling():
        return Cancelled(message="It was cancelled, and ended after the pass at hand: nothing is half done.")
    return result
