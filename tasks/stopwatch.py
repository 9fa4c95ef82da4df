"""Where the time of a run goes: a stage's own work, beside what recording it costs. Idle unless somebody watches."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from inspect import iscoroutinefunction
from time import perf_counter
from typing import Any, Literal, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

Clock = Literal["stage", "task", "body", "flow", "artifact"]
"""A stage's own work within the task that records it; a flow's own code within the run that records it."""


@dataclass
class Stopwatch:
    """Seconds and calls per clock and name."""

    seconds: dict[tuple[Clock, str], float] = field(default_factory=dict)
    calls: dict[tuple[Clock, str], int] = field(default_factory=dict)

    def add(self, clock: Clock, name: str, seconds: float) -> None:
        """Counts one call."""
        self.seconds[clock, name] = self.seconds.get((clock, name), 0.0) + seconds
        self.calls[clock, name] = self.calls.get((clock, name), 0) + 1

    def total(self, clock: Clock) -> float:
        """Seconds on a clock, whatever the name."""
        return sum(seconds for (of, _), seconds in self.seconds.items() if of == clock)

    def count(self, clock: Clock) -> int:
        """Calls on a clock, whatever the name."""
        return sum(calls for (of, _), calls in self.calls.items() if of == clock)

    def recording_seconds(self) -> float:
        """What recording the runs of flows and tasks cost, beyond what they did."""
        return (
            self.total("flow") - self.total("body") + self.total("task") - self.total("stage") + self.total("artifact")
        )


WATCH: ContextVar[Stopwatch | None] = ContextVar("WATCH", default=None)
"""Who watches this run."""


@contextmanager
def watching() -> Iterator[Stopwatch]:
    """A stopwatch for what runs in the block."""
    watch = Stopwatch()
    token = WATCH.set(watch)
    try:
        yield watch
    finally:
        WATCH.reset(token)


def clocked(clock: Clock, function: Callable[P, R], call: Callable[P, R] | None = None) -> Callable[P, R]:
    """The function, its calls timed under its name while somebody watches.

    Args:
        clock: Where its time counts.
        function: What is named; whether it is awaited decides how `call` is.
        call: What is called in its place.
    """
    called = call or function
    name = function.__name__

    @wraps(function)
    def timed(*args: P.args, **kwargs: P.kwargs) -> R:
        watch, start = WATCH.get(), perf_counter()
        try:
            return called(*args, **kwargs)
        finally:
            if watch:
                watch.add(clock, name, perf_counter() - start)

    @wraps(function)
    async def timed_async(*args: P.args, **kwargs: P.kwargs) -> Any:
        watch, start = WATCH.get(), perf_counter()
        try:
            return await cast("Awaitable[Any]", called(*args, **kwargs))
        finally:
            if watch:
                watch.add(clock, name, perf_counter() - start)

    return cast("Callable[P, R]", timed_async if iscoroutinefunction(function) else timed)
