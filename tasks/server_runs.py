"""Deployments of ours on the Prefect server, and their runs: all of them, however many pages they fill."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterEndTime,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import DeploymentSort

from tasks.contracts.run_limits import MANAGED

PAGE: Final = 200
"""The server gives no more at once."""
T = TypeVar("T")


async def managed_deployments(client: PrefectClient, *tags: str) -> list[DeploymentResponse]:
    """The deployments that this project made, with these tags too."""
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[MANAGED, *tags]))
    by_name = DeploymentSort.NAME_ASC
    return await _all(lambda at: client.read_deployments(deployment_filter=ours, limit=PAGE, offset=at, sort=by_name))


async def runs_of(
    client: PrefectClient,
    deployments: Sequence[UUID],
    *states: StateType,
    expected_until: datetime | None = None,
    ended_since: datetime | None = None,
) -> list[FlowRun]:
    """The runs of deployments in any of these states.

    Args:
        client: Of the server.
        deployments: Theirs.
        states: Any of these.
        expected_until: Only those that were to start by then.
        ended_since: Only those that have ended since.
    """
    chosen = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=list(deployments)),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=expected_until) if expected_until else None,
        end_time=FlowRunFilterEndTime(after_=ended_since) if ended_since else None,
    )
    return await find_runs(client, chosen)


async def find_runs(client: PrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
    """The runs that a filter lets through."""
    return await _all(lambda at: client.read_flow_runs(flow_run_filter=wanted, limit=PAGE, offset=at))


async def _all(page: Callable[[int], Awaitable[list[T]]]) -> list[T]:
    found: list[T] = []
    while part := await page(len(found)):
        found += part
        if len(part) < PAGE:
            break
    return found
