"""Flow runs on the server: told apart by what they are, and ended."""

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Final
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling

from tasks.contracts.run_limits import MANAGED
from tasks.server_runs import find_runs

UNDER_WAY: Final = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
UNFINISHED: Final = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED)


def runs_of_deployments(deployments: Collection[UUID], states: Collection[StateType] = UNFINISHED) -> FlowRunFilter:
    """The runs of these deployments that are in one of these states."""
    return FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=list(deployments)), state=_state(states))


def runs_of_project(*tags: str, states: Collection[StateType] = UNDER_WAY) -> FlowRunFilter:
    """The runs that this project's deployments made, with these tags too, that are in one of these states."""
    return FlowRunFilter(tags=FlowRunFilterTags(all_=[MANAGED, *tags]), state=_state(states))


async def cancel_runs(client: PrefectClient, wanted: FlowRunFilter, *, seconds: float) -> None:
    """Asks for the end of these runs, and waits until their workers have ended them; no longer than `seconds`.

    Those that have no process yet are cancelled by the server itself.
    """
    asked = await find_runs(client, wanted)
    for run in asked:
        with suppress(ObjectNotFound):
            await client.set_flow_run_state(run.id, Cancelling())
    ending = wanted.model_copy(update={"state": _state([StateType.CANCELLING])})
    give_up = time.monotonic() + seconds
    while asked and await find_runs(client, ending) and time.monotonic() < give_up:
        await asyncio.sleep(0.5)


def _state(states: Collection[StateType]) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))
