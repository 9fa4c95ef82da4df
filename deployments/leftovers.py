"""Runs that a power cut left behind: ended on the server, so that their place is free for the next ones."""

import os
from pathlib import Path
from typing import Final

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, WorkerStatus
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from deployments.runs import runs_of_project
from tasks.server_runs import find_runs

MESSAGE: Final = "Its process was gone when the machine came back. Nothing is lost; the next run goes on."
PROCESSES: Final = Path("/proc")


async def end_leftovers(client: PrefectClient, message: str = MESSAGE) -> list[str]:
    """Ends as crashed the runs of this project that have no process on this machine; returns their names.

    For a machine whose workers have all stopped: a run that has no process number yet was taken by one of them.
    """
    gone = [run for run in await find_runs(client, runs_of_project()) if not _is_alive(run)]
    for run in gone:
        await client.set_flow_run_state(run.id, Crashed(message=message), force=True)
    return [run.name for run in gone]


async def live_workers(client: PrefectClient, pool: str) -> list[str]:
    """The names of the pool's workers that the server has heard of lately."""
    try:
        workers = await client.read_workers_for_work_pool(pool)
    except ObjectNotFound:
        return []
    return [each.name for each in workers if each.status == WorkerStatus.ONLINE]


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
