"""What the Prefect server says of our deployments' runs: which start late, are stuck, crash, or never complete."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import IntervalSchedule

from tasks.contracts.run_limits import LAST_RESORT, LATE_AFTER, RUN_LIMITS, SILENT_INTERVALS
from tasks.server_runs import managed_deployments, runs_of

CRASHED_WITHIN: Final = timedelta(days=1)
Kind = Literal["stuck", "late", "crashed", "silent"]


@dataclass(frozen=True)
class Lateness:
    """What is wrong with the runs of a deployment."""

    deployment: str
    account: str | None
    kind: Kind
    text: str
    do: str


async def look_at_runs(now: datetime) -> list[Lateness]:
    """The deployments of ours whose runs are late, stuck or killed, or did not complete for three intervals.

    A run that was killed could not tell anybody itself.

    Args:
        now: The real time, for it is the server's.
    """
    async with get_client() as client:
        deployments = await managed_deployments(client)
        if not deployments:
            return []
        ids = [one.id for one in deployments]
        waiting = await runs_of(client, ids, StateType.SCHEDULED, expected_until=now - LATE_AFTER)
        going = await runs_of(client, ids, StateType.RUNNING, StateType.CANCELLING)
        flows = await client.read_flows(
            flow_filter=FlowFilter(id=FlowFilterId(any_=list({one.flow_id for one in deployments})))
        )
        limits = {flow.id: RUN_LIMITS.get(flow.name) for flow in flows}
        crashed = await _crashed(client, ids, now)
        busy = {run.deployment_id for run in going}
        watched = [one for one in deployments if one.id not in busy and _is_old_enough(one, now)]
        silent = await _silent(client, watched, now)
    return _told(deployments, waiting, [run for run in going if _is_stuck(run, limits, now)], crashed, silent)


def _told(
    deployments: Sequence[DeploymentResponse],
    waiting: list[FlowRun],
    stuck: list[FlowRun],
    crashed: list[FlowRun],
    silent: set[UUID],
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
            text = f"runs that wait for their start: {len(own_waiting)}, the first since {_moment(since)}"
            do = "see whether a worker runs (`prefect worker start --pool local --type process`) and has room"
            found.append(_late(one, "late", text, do))
        elif own_crashed := _of(one, crashed):
            last = own_crashed[-1]
            text = f"run {last.name} crashed, and none has completed since"
            do = "see whether the machine restarted or was short of memory; the next run goes on"
            found.append(_late(one, "crashed", text, do))
        elif one.id in silent:
            text = f"no run completed in {SILENT_INTERVALS} intervals"
            found.append(_late(one, "silent", text, "look at what its last runs say, and whether a worker runs"))
    return found


def _late(one: DeploymentResponse, kind: Kind, text: str, do: str) -> Lateness:
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


async def _crashed(client: PrefectClient, ids: Sequence[UUID], now: datetime) -> list[FlowRun]:
    """Runs that were killed, where none of their deployment has completed since; the earliest first."""
    runs = await runs_of(client, ids, StateType.CRASHED, ended_since=now - CRASHED_WITHIN)
    if not runs:
        return []
    own = list({run.deployment_id for run in runs if run.deployment_id})
    completed = await runs_of(client, own, StateType.COMPLETED, ended_since=min(_ended(run) for run in runs))
    recovered = {run.deployment_id: _ended(run) for run in sorted(completed, key=_ended)}
    left = [run for run in runs if run.deployment_id not in recovered or recovered[run.deployment_id] < _ended(run)]
    return sorted(left, key=_ended)


def _ended(run: FlowRun) -> datetime:
    return run.end_time or datetime.min.replace(tzinfo=UTC)


async def _silent(client: PrefectClient, watched: Sequence[DeploymentResponse], now: datetime) -> set[UUID]:
    """Those without a completed run; one question for all that run equally often."""
    by_interval: dict[timedelta, list[UUID]] = defaultdict(list)
    for one in watched:
        by_interval[_interval(one) or timedelta()].append(one.id)
    silent = {one.id for one in watched}
    for interval, ids in by_interval.items():
        since = now - SILENT_INTERVALS * interval - LATE_AFTER
        completed = await runs_of(client, ids, StateType.COMPLETED, ended_since=since)
        silent -= {run.deployment_id for run in completed if run.deployment_id}
    return silent


def _interval(one: DeploymentResponse) -> timedelta | None:
    active = [each.schedule for each in one.schedules if each.active]
    return next((each.interval for each in active if isinstance(each, IntervalSchedule)), None)


def _moment(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%MZ}"
