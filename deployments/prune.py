"""Takes from a Prefect server the deployments that this project made and no longer wants.

What does not carry the project's tag is somebody else's, and is never looked at.
"""

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import DeploymentSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Cancelling

from deployments.apply_one import Deployed
from deployments.render import MANAGED, account_tag
from deployments.server import DeployError
from deployments.triggers import automations_running

PAGE = 200
"""The server gives no more at once."""
CANCEL_SECONDS = 30.0
"""How long runs have to end before their deployment goes; a worker finds their processes by the deployment."""
UNFINISHED = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED)


@dataclass(frozen=True)
class Managed:
    """A deployment on the server that this project made."""

    deployment: str
    """`<flow>/<name>`, as Prefect's own commands take it."""
    id: UUID


def surplus(wanted: Iterable[UUID]) -> list[Managed]:
    """What this project made on the server beyond these deployments, by name."""
    return asyncio.run(_managed(without=frozenset(wanted)))


def prune(spare: Sequence[Managed]) -> list[Deployed]:
    """Cancels the runs of these deployments, waits a moment until they have ended, and deletes the deployments.

    Raises:
        DeployError: The server refused something; what came before it is gone.
    """
    return asyncio.run(_prune(spare))


def prune_account(account: str) -> list[Deployed]:
    """The same for all that this project deployed for an account.

    Raises:
        DeployError: The server refused something.
    """
    return prune(asyncio.run(_managed(account_tag(account))))


async def _managed(*tags: str, without: Collection[UUID] = ()) -> list[Managed]:
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[MANAGED, *tags]))
    async with get_client() as client:
        found: list[DeploymentResponse] = []
        while page := await client.read_deployments(
            deployment_filter=tagged, limit=PAGE, offset=len(found), sort=DeploymentSort.NAME_ASC
        ):
            found += page
        spare = [each for each in found if each.id not in without]
        flows = {each.flow_id: (await client.read_flow(each.flow_id)).name for each in spare}
    return sorted(
        (Managed(f"{flows[each.flow_id]}/{each.name}", each.id) for each in spare), key=lambda each: each.deployment
    )


async def _prune(spare: Sequence[Managed]) -> list[Deployed]:
    async with get_client() as client:
        try:
            for each in spare:
                for automation in await automations_running(client, each.id):
                    await client.delete_automation(automation.id)
                with suppress(ObjectNotFound):
                    await client.pause_deployment(each.id)
            await _end_runs(client, [each.id for each in spare])
            for each in spare:
                with suppress(ObjectNotFound):
                    await client.delete_deployment(each.id)
        except PrefectHTTPStatusError as error:
            raise DeployError(f"The server refused to give a deployment up: {error.response.text}") from error
    return [Deployed(each.deployment, "deleted", each.id) for each in spare]


async def _end_runs(client: PrefectClient, deployments: Sequence[UUID]) -> None:
    """Asks for the end of every run; the server itself cancels those that have no process yet."""
    for run in await _runs(client, deployments, UNFINISHED):
        with suppress(ObjectNotFound):
            await client.set_flow_run_state(run.id, Cancelling())
    give_up = time.monotonic() + CANCEL_SECONDS
    while await _runs(client, deployments, [StateType.CANCELLING]) and time.monotonic() < give_up:
        await asyncio.sleep(0.5)


async def _runs(client: PrefectClient, deployments: Sequence[UUID], states: Collection[StateType]) -> list[FlowRun]:
    if not deployments:
        return []
    unfinished = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=list(deployments)),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
    )
    found: list[FlowRun] = []
    while page := await client.read_flow_runs(flow_run_filter=unfinished, limit=PAGE, offset=len(found)):
        found += page
    return found
