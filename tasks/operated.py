"""How a flow runs: named, limited in time, and telling its operator what to do where it fails."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Flow, State, flow
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture
from prefect.states import Cancelled, Completed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.utilities.hashing import file_hash

from tasks.artifacts import show_stages
from tasks.contracts.run_limits import LAST_RESORT, RUN_LIMITS
from tasks.failures import fail, recovered, told_if_possible
from tasks.operated_run import RUN, OperatedRun
from tasks.run_names import named_by_what_it_works_for
from tasks.stopwatch import WATCH, watching

P = ParamSpec("P")
R = TypeVar("R")
Body = Callable[P, Coroutine[Any, Any, R]]


def operated(
    name: str, *, run_name: str | Callable[[], str] = named_by_what_it_works_for, workers: int = 1
) -> Callable[[Body[P, R]], Flow[P, Coroutine[Any, Any, R]]]:
    """Makes a function a flow that people operate.

    A run has a name that tells what it works for and a limit of time (`RUN_LIMITS`). Where it fails, its log says
    first of all what was wrong and what to do, in one line that is its state's message too; an artifact and an alert
    say the same. A run that an automation made of a deployment that is paused ends as cancelled before it does
    anything. The function itself (`fn`) runs as it is where there is no flow run.

    There are no retries of whole runs: the next one, by schedule, goes on from what was committed.

    Args:
        name: Name of the flow, with a limit in `RUN_LIMITS`.
        run_name: What to call a run.
        workers: The most stages that run at once, of those that the flow submits.
    """
    limit = RUN_LIMITS[name].total_seconds()

    def decorate(body: Body[P, R]) -> Flow[P, Coroutine[Any, Any, R]]:
        @wraps(body)
        async def run(*args: P.args, **kwargs: P.kwargs) -> Any:
            context = FlowRunContext.get()
            if context is None or context.flow_run is None or _is_begun(context):
                return await body(*args, **kwargs)
            if await _comes_from_an_automation_of_a_paused_deployment(context):
                return Cancelled(message="paused: the deployment is, and an automation started it all the same")
            account = (context.parameters or {}).get("account")
            of = OperatedRun(name, str(account) if account else None, context.flow_run.id, limit)
            return await _watched(of, body(*args, **kwargs))

        return cast(
            "Flow[P, Coroutine[Any, Any, R]]",
            flow(
                name=name,
                version=file_hash(inspect.getfile(body)),
                flow_run_name=run_name,
                persist_result=False,
                timeout_seconds=limit + LAST_RESORT.total_seconds(),
                task_runner=cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=workers)),
            )(run),
        )

    return decorate


async def _watched(run: OperatedRun, body: Coroutine[Any, Any, R]) -> R | State[Any]:
    token = RUN.set(run)
    try:
        # Where somebody watches already, as a demonstration does, the stages are theirs to show.
        with nullcontext() if WATCH.get() else watching() as watch:
            outcome = await _judged(run, body)
        if watch:
            await told_if_possible(show_stages(run.flow, run.account, watch), "No table of stages could be left")
        return outcome
    finally:
        RUN.reset(token)


async def _judged(run: OperatedRun, body: Coroutine[Any, Any, R]) -> R | State[Any]:
    try:
        async with asyncio.timeout(run.seconds):
            result = await body
    except Exception as error:  # noqa: BLE001 # whatever it is, its operator is told
        is_over = isinstance(error, TimeoutError) and run.seconds_left() <= 0
        return await fail(run, run.over_its_limit if is_over else error)
    else:
        await recovered(run)
        return Completed(message=run.summary, data=result) if run.summary else result


def _is_begun(context: FlowRunContext) -> bool:
    run = RUN.get()
    return run is not None and context.flow_run is not None and run.run_id == context.flow_run.id


async def _comes_from_an_automation_of_a_paused_deployment(context: FlowRunContext) -> bool:
    """Prefect's action "run a deployment" takes no heed of its pause; only such runs cost a question to the server."""
    run = context.flow_run
    if run is None or run.deployment_id is None or run.created_by is None or run.created_by.type != "AUTOMATION":
        return False
    async with get_client() as client:
        return (await client.read_deployment(run.deployment_id)).paused
