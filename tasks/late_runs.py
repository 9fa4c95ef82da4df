"""What the Prefect server says of our deployments' runs: which start late, which are stuck, which never complete."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeVar
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowFilter,
    FlowFilterId,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterEndTime,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import IntervalSchedule

from tasks.contracts.run_limits import LAST_RESORT, LATE_AFTER, MANAGED, RUN_LIMITS, SILENT_INTERVALS

PAGE: Final = 200
"""The server gives no more at once."""
T = TypeVar("T")


@dataclass(frozen=True)
class Lateness:
    """What is wrong with the runs of a deployment."""

    deployment: str
    account: str | None
    kind: Literal["stuck", "late", "silent"]
    text: str
    do: str


async def look_at_runs(now: datetime) -> list[Lateness]:
    """The deployments of ours whose runs are late or stuck, or did not complete for three intervals.

    Args:
        now: The real time, for it is the server's.
    """
    async with get_client() as client:
        ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[MANAGED]))
        deployments = await _all(lambda at: client.read_deployments(deployment_filter=ours, limit=PAGE, offset=at))
        if not deployments:
            return []
        ids = FlowRunFilterDeploymentId(any_=[one.id for one in deployments])
        waiting = await _runs(client, _in_state(StateType.SCHEDULED, ids, until=now - LATE_AFTER))
        going = await _runs(client, _in_state(StateType.RUNNING, ids), _in_state(StateType.CANCELLING, ids))
        flows = await client.read_flows(
            flow_filter=FlowFilter(id=FlowFilterId(any_=list({one.flow_id for one in deployments})))
        )
        limits = {flow.id: RUN_LIMITS.get(flow.name) for flow in flows}
        busy = {run.deployment_id for run in going}
        watched = [one for one in deployments if one.id not in busy and _is_old_enough(one, now)]
        silent = await _silent(client, watched, now)
    return _told(deployments, waiting, [run for run in going if _is_stuck(run, limits, now)], silent)


def _told(
    deployments: Sequence[DeploymentResponse], waiting: list[FlowRun], stuck: list[FlowRun], silent: set[UUID]
) -> list[Lateness]:
    """One thing per deployment, the worst."""
    found = []
    for one in deployments:
        own_stuck, own_waiting = _of(one, stuck), _of(one, waiting)
        if own_stuck:
            since = min(run.start_time for run in own_stuck if run.start_time)
            text = f"a run has been going on since {_moment(since)}, longer than its flow may"
            found.append(_late(one, "stuck", text, "look at it and cancel it; see whether its worker is there"))
        elif own_waiting:
            since = min(run.expected_start_time for run in own_waiting if run.expected_start_time)
            text = f"{len(own_waiting)} runs wait for their start, the first since {_moment(since)}"
            do = "see whether a worker runs (`prefect worker start --pool local --type process`) and has room"
            found.append(_late(one, "late", text, do))
        elif one.id in silent:
            text = f"no run completed in {SILENT_INTERVALS} intervals"
            found.append(_late(one, "silent", text, "look at what its last runs say, and whether a worker runs"))
    return found


def _late(one: DeploymentResponse, kind: Literal["stuck", "late", "silent"], text: str, do: str) -> Lateness:
    account = next((tag.removeprefix("account:") for tag in one.tags if tag.startswith("account:")), None)
    return Lateness(one.name, account, kind, f"{one.name}: {text}", do)


def _of(one: DeploymentResponse, runs: list[FlowRun]) -> list[FlowRun]:
    return [run for run in runs if run.deployment_id == one.id]


def _is_stuck(run: FlowRun, limits: dict[UUID, timedelta | None], now: datetime) -> bool:
    limit = limits.get(run.flow_id)
    return limit is not None and run.start_time is not None and run.start_time < now - limit - 2 * LAST_RESORT


def _is_old_enough(one: DeploymentResponse, now: datetime) -> bool:
    """Whether it has had its schedule for long enough to have completed a run."""
    interval = _interval(one)
    since = max(instant for instant in (one.created, one.updated, datetime.min.replace(tzinfo=UTC)) if instant)
    return not one.paused and interval is not None and since < now - SILENT_INTERVALS * interval - LATE_AFTER


async def _silent(client: PrefectClient, watched: Sequence[DeploymentResponse], now: datetime) -> set[UUID]:
    """Those without a completed run; one question for all that run equally often."""
    by_interval: dict[timedelta, list[UUID]] = defaultdict(list)
    for one in watched:
        by_interval[_interval(one) or timedelta()].append(one.id)
    silent = {one.id for one in watched}
    for interval, ids in by_interval.items():
        since = now - SILENT_INTERVALS * interval - LATE_AFTER
        completed = FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=ids),
            state=_state(StateType.COMPLETED),
            end_time=FlowRunFilterEndTime(after_=since),
        )
        silent -= {run.deployment_id for run in await _runs(client, completed) if run.deployment_id}
    return silent


def _interval(one: DeploymentResponse) -> timedelta | None:
    active = [each.schedule for each in one.schedules if each.active]
    return next((each.interval for each in active if isinstance(each, IntervalSchedule)), None)


def _in_state(state: StateType, ids: FlowRunFilterDeploymentId, until: datetime | None = None) -> FlowRunFilter:
    started = FlowRunFilterExpectedStartTime(before_=until) if until else None
    return FlowRunFilter(deployment_id=ids, state=_state(state), expected_start_time=started)


def _state(state: StateType) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=[state]))


async def _runs(client: PrefectClient, *filters: FlowRunFilter) -> list[FlowRun]:
    return [run for each in filters for run in await _runs_of(client, each)]


async def _runs_of(client: PrefectClient, one: FlowRunFilter) -> list[FlowRun]:
    return await _all(lambda at: client.read_flow_runs(flow_run_filter=one, limit=PAGE, offset=at))


async def _all(page: Callable[[int], Awaitable[list[T]]]) -> list[T]:
    found: list[T] = []
    while part := await page(len(found)):
        found += part
        if len(part) < PAGE:
            break
    return found


def _moment(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%MZ}"
