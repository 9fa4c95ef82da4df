"""How a stage runs: as a Prefect task inside a flow run, as a plain call where there is no Prefect API."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar, cast, overload

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging import get_run_logger

from tasks.advice import may_pass
from tasks.contracts.run_limits import RETRY_DELAYS
from tasks.operated_run import RUN
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


@overload
def stage(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def stage(*, once: bool) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def stage(function: Callable[P, R] | None = None, /, *, once: bool = False) -> Any:
    """Makes a function a task whose frames are neither hashed, cached nor persisted.

    The command line runs the flows' own code without a server too: outside a flow run a stage is
    the function itself; so it is in `plain_calls`.

    Args:
        function: The stage. It only reads, or what it changes is one transaction or can be done again: after a
            fault that may pass, a run tries it again, with a pause.
        once: It must not be tried again within its run, or what it counted before the fault would be lost.
    """
    if function is None:
        return lambda given: _stage(given, once=once)
    return _stage(function, once=once)


def _stage(function: Callable[P, R], *, once: bool) -> Callable[P, R]:
    as_task = task(
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=0 if once else len(RETRY_DELAYS),
        retry_delay_seconds=list(RETRY_DELAYS),
        retry_condition_fn=_is_worth_another_try,
    )(_telling(clocked("stage", function), tries=1 if once else 1 + len(RETRY_DELAYS)))

    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        run = RUN.get()
        one = as_task.with_options(timeout_seconds=max(run.seconds_left(), 1.0)) if run else as_task
        return one(*args, **kwargs)

    recorded = clocked("task", function, limited)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if _PLAIN.get() or FlowRunContext.get() is None:
            return function(*args, **kwargs)
        return recorded(*args, **kwargs)

    call.as_task = as_task  # type: ignore[attr-defined]
    return call


def _is_worth_another_try(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.data, BaseException) and may_pass(state.data)


def _telling(function: Callable[P, R], *, tries: int) -> Callable[P, R]:
    """The function; where it fails, the run's log says first of all what to do."""

    @wraps(function)
    def telling(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (Exception, asyncio.CancelledError) as error:
            _tell(error, tries)
            raise

    @wraps(function)
    async def telling_async(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return await cast("Awaitable[Any]", function(*args, **kwargs))
        except (Exception, asyncio.CancelledError) as error:
            _tell(error, tries)
            raise

    return cast("Callable[P, R]", telling_async if iscoroutinefunction(function) else telling)


def _tell(error: BaseException, tries: int) -> None:
    run, context = RUN.get(), TaskRunContext.get()
    if run is None or context is None:
        return
    if isinstance(error, asyncio.CancelledError):
        if run.seconds_left() <= 0:
            run.tell(run.over_its_limit)
    elif may_pass(error) and context.task_run.run_count < tries:
        get_run_logger().warning("Try %s of %s: %s", context.task_run.run_count, tries, error)
    else:
        run.tell(error)
