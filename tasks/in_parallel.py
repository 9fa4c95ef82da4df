"""A stage done many times at once: on the flow's task runner, or in threads where there is no flow run."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, TypeVar

from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture, as_completed

from tasks.operated_run import RUN
from tasks.progress import progressing

T = TypeVar("T")
R = TypeVar("R")


async def in_parallel(stage: Callable[[T], R], items: Sequence[T], *, workers: int, what: str) -> list[R]:
    """Calls a stage for each item, so many at once, and shows how far it is.

    Args:
        stage: A stage of one argument.
        items: Its arguments.
        workers: How many at once; a flow's task runner may allow fewer.
        what: What they are, as progress names them.

    Returns:
        What it returned, in the order in which it was done.

    Raises:
        Exception: What the stage raised first; those begun are over by then, no other is begun.
    """
    return await asyncio.to_thread(lambda: list(_done(stage, items, workers, what)))


def _done(stage: Callable[[T], R], items: Sequence[T], workers: int, what: str) -> Iterator[R]:
    results = _on_the_task_runner if FlowRunContext.get() else _in_threads
    done = results(stage, items, workers)
    for _ in progressing(items, what):
        yield next(done)


def _on_the_task_runner(stage: Any, items: Sequence[T], workers: int) -> Iterator[Any]:
    rest, open_ = list(reversed(items)), list[PrefectFuture[Any]]()
    run = RUN.get()
    limited = stage.as_task.with_options(timeout_seconds=max(run.seconds_left(), 1.0)) if run else stage.as_task
    while rest or open_:
        while rest and len(open_) < workers:
            open_.append(limited.submit(rest.pop()))
        first = next(as_completed(open_))
        open_.remove(first)
        try:
            result = first.result()
        except BaseException:
            for other in open_:
                other.wait()
            raise
        yield result


def _in_threads(stage: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[R]:
    rest, open_ = list(reversed(items)), set[Future[R]]()
    with ThreadPoolExecutor(workers) as pool:
        while rest or open_:
            while rest and len(open_) < workers:
                open_.add(pool.submit(copy_context().run, stage, rest.pop()))
            done, _ = wait(open_, return_when=FIRST_COMPLETED)
            first = done.pop()
            open_.remove(first)
            yield first.result()
