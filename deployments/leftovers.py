"""Runs that a power cut left behind: ended on the server, so that their place is free for the next ones."""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType, WorkerStatus
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling, Crashed

from deployments.render import MANAGED

CANCEL_SECONDS: Final = 20.0
PAGE: Final = 200
UNDER_WAY: Final = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
MESSAGE: Final = "Its process was gone when the machine came back. Nothing is lost; the next run goes on."
PROCESSES: Final = Path("/proc")


async def end_leftovers(client: PrefectClient, message: str = MESSAGE) -> list[str]:
    """Ends as crashed the runs of this project that have no process on this machine; returns their names.

    For a machine whose workers have all stopped: a run that has no process number yet was taken by one of them.
    """
    gone = [run for run in await under_way(client) if not _is_alive(run)]
    for run in gone:
        await client.set_flow_run_state(run.id, Crashed(message=message), force=True)
    return [run.name for run in gone]


async def cancel_runs(client: PrefectClient) -> None:
    """Has the workers end all runs of this project, and waits a while until they have."""
    for run in await under_way(client):
        with suppress(ObjectNotFound):
            await client.set_flow_run_state(run.id, Cancelling())
    give_up = time.monotonic() + CANCEL_SECONDS
    while await under_way(client) and time.monotonic() < give_up:
        await asyncio.sleep(0.5)


async def live_workers(client: PrefectClient, pool: str) -> list[str]:
    """The names of the pool's workers that the server has heard of lately."""
    try:
        workers = await client.read_workers_for_work_pool(pool)
    except ObjectNotFound:
        return []
    return [each.name for each in workers if each.status == WorkerStatus.ONLINE]


async def under_way(client: PrefectClient) -> list[FlowRun]:
    """The runs of this project that have begun, or that a worker has taken."""
    ours = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[MANAGED]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNDER_WAY)),
    )
    found: list[FlowRun] = []
    while page := await client.read_flow_runs(flow_run_filter=ours, limit=PAGE, offset=len(found)):
        found += page
    return found


def _is_alive(run: FlowRun) -> bool:
    """Whether the run's process is here; after a restart of the machine its number may be another's."""
    _, _, number = (run.infrastructure_pid or "").rpartition(":")
    if not number.isdecimal():
        return False
    if PROCESSES.is_dir():
        try:
            return str(run.id).encode() in (PROCESSES / number / "environ").read_bytes()
        except OSError:
            return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
