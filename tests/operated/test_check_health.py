"""Checks of health: an alert when a threshold is crossed or runs are late, one when that has ended, none between."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from deliverables import Event, put_events
from operated.conftest import Hook
from operated.recorded_runs import recorded, run_and_read
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.states import Completed, Crashed, Failed, Running, Scheduled

from flows.check_health import check_health
from flows.update_event_status import update_event_status
from tasks.contracts.accounts import Account
from tasks.contracts.run_limits import MANAGED
from tasks.late_runs import look_at_runs
from tasks.settings import Settings
from tasks.store.connection import StoreFile, writing
from tasks.store.lock import lock

pytestmark = pytest.mark.usefixtures("server")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(settings: Settings, account: Account) -> StoreFile:
    return StoreFile(settings.account_store(account.name), "account")


def pending(store: StoreFile, events: int) -> None:
    with writing(store, purpose="test") as session:
        session.connection.execute("delete from event")
    if events:
        put_events(store, [Event(number, queue="rt", status="pending") for number in range(2, events + 2)])


def of_the_queue(told: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(one["severity"], one["text"]) for one in told if "rt: queued" in one["text"]]


def test_a_full_queue_is_told_when_it_fills_when_it_gets_worse_and_when_it_is_over(
    settings: Settings, store: StoreFile, hook: Hook
) -> None:
    text = "account alpha, rt: queued is"
    pending(store, 120)
    first = recorded(check_health, now=NOW)
    recorded(check_health, now=NOW + timedelta(minutes=5))
    assert of_the_queue(hook.posted) == [("warning", f"{text} 120, warning from 100")]
    assert first.state.is_completed()
    assert first.state.message.startswith("alert; ")
    table = json.loads(first.artifacts["health-alpha"].data)
    assert {"queue": "rt", "account": "alpha", "indicator": "queued", "value": 120.0, "warning": 100.0, "alert": 400.0,
            "worse": "higher", "status": "warning"} in table  # fmt: skip
    assert "| alpha | rt | alert | 120 |" in first.artifacts["health"].data
    pending(store, 400)
    recorded(check_health, account="alpha", now=NOW + timedelta(minutes=10))
    with lock(store.lock_path, exclusive=True, wait_seconds=5, purpose="a test"):
        recorded(check_health, account="alpha", now=NOW + timedelta(minutes=15))
    assert of_the_queue(hook.posted)[1:] == [("alert", f"{text} 400, alert from 400")]
    recorded(check_health, now=NOW + timedelta(hours=24, minutes=10))
    assert of_the_queue(hook.posted)[2:] == [("alert", f"{text} 400, alert from 400")]
    pending(store, 0)
    recorded(check_health, now=NOW + timedelta(hours=24, minutes=15))
    recorded(check_health, now=NOW + timedelta(hours=24, minutes=20))
    assert [severity for severity, _ in of_the_queue(hook.posted)[3:]] == ["ended"]
    assert "threshold/" not in (settings.home / "alerts.json").read_text()


def test_it_fails_only_where_it_could_not_look(settings: Settings, store: StoreFile, hook: Hook) -> None:
    Path(store.path).write_bytes(b"no store")
    looked = recorded(check_health, now=NOW)
    assert looked.state.is_completed()
    assert [one["kind"] for one in hook.posted] == ["unreadable-store"]
    settings.roster_path.write_text("[[account]\n")
    blind = recorded(check_health, now=NOW)
    assert blind.state.is_failed()
    assert "What to do: mend the file as the message says" in blind.errors[0]


async def fail_all_planned(deployment: UUID) -> None:
    """Fails the runs of the next hours, once the server has planned them."""
    own = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    async with get_client() as client:
        async with asyncio.timeout(90):
            while len(planned := await client.read_flow_runs(flow_run_filter=own)) < 3:
                await asyncio.sleep(0.3)
        for run in planned:
            await client.set_flow_run_state(run.id, Failed(), force=True)


def test_runs_that_are_late_stuck_or_never_complete_are_told(settings: Settings, hook: Hook) -> None:
    async def see() -> None:
        async with get_client() as client:
            flow_id = await client.create_flow(update_event_status)
            now = datetime.now(UTC)
            hourly = IntervalSchedule(interval=timedelta(hours=1), anchor_date=now + timedelta(minutes=40))
            every = DeploymentScheduleCreate(schedule=hourly, active=True)
            made = {
                name: await client.create_deployment(
                    flow_id,
                    name,
                    tags=[MANAGED, "account:alpha"] if name != "foreign" else [],
                    schedules=[every] if name == "silent" else [],
                )
                for name in ("crashed", "late", "stuck", "silent", "foreign")
            }
            for name, state in {
                "late": Scheduled(scheduled_time=now - timedelta(minutes=2)),
                "foreign": Scheduled(scheduled_time=now - timedelta(minutes=2)),
                "stuck": Running(),
            }.items():
                await client.create_flow_run_from_deployment(made[name], state=state)
            killed = await client.create_flow_run_from_deployment(made["crashed"])
            await client.set_flow_run_state(killed.id, Crashed(), force=True)
        seen = await look_at_runs(now)
        assert [(one.deployment, one.kind) for one in seen] == [("crashed", "crashed"), ("late", "late")]
        async with get_client() as client:
            good = await client.create_flow_run_from_deployment(made["crashed"])
            await client.set_flow_run_state(good.id, Completed(), force=True)
        later = await look_at_runs(now + timedelta(minutes=33))
        assert [(one.deployment, one.kind) for one in later] == [("late", "late"), ("stuck", "stuck")]
        await fail_all_planned(made["silent"])
        seen = await look_at_runs(now + timedelta(hours=3, minutes=2))
        told = [("late", "late"), ("silent", "silent"), ("stuck", "stuck")]
        assert sorted((one.deployment, one.kind) for one in seen) == told
        run = await run_and_read(check_health)
        async with get_client() as client:
            for deployment in made.values():
                await client.delete_deployment(deployment)
        assert run.state.message == "ok; deployments with late runs: 1; alerts that go on: 1"
        await check_health()

    asyncio.run(see())
    assert [(one["kind"], one["severity"], one["account"]) for one in hook.posted] == [
        ("late-runs", "alert", "alpha"),
        ("late-runs", "ended", "alpha"),
    ]
    assert hook.posted[0]["text"].startswith("late: runs that wait for their start: 1, the first since ")
    assert json.loads((settings.home / "alerts.json").read_text()) == {"raised": {}}
