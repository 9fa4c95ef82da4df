"""How a stage runs: as a Prefect task inside a flow run, as a plain call where there is no Prefect API."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

from tasks.stopwatch import clocked

_PLAIN: ContextVar[bool] = ContextVar("plain_calls", default=False)
P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def plain_calls() -> Iterator[None]:
    """Leaves no task runs behind: for what is done many times a minute, of which nobody wants a record each."""
    token = _PLAIN.set(True)
    try:
        yield
    finally:
        _PLAIN.reset(token)


def stage(function: Callable[P, R]) -> Callable[P, R]:
    """Makes a function a task whose frames are neither hashed, cached nor persisted.

    The command line runs the flows' own code without a server too: outside a flow run a stage is
    the function itself; so it is in `plain_calls`.
    """
    as_task = task(cache_policy=NO_CACHE, persist_result=False)(clocked("stage", function))
    recorded = clocked("task", function, as_task)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if _PLAIN.get() or FlowRunContext.get() is None:
            return function(*args, **kwargs)
        return recorded(*args, **kwargs)

    return call
