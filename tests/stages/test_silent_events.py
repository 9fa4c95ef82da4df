"""Messages that no log speaks of: given up after the account's time, and taken back by whatever is told later."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deliverables import Event, put_delivery, put_events, select
from lives import ingest, process, publish

from flows.update_event_status import update_event_status
from tasks.account_run import AccountRun, run_on
from tasks.collect_delivery_logs import collect_delivery_log
from tasks.contracts.accounts import Account, PolicyName
from tasks.deliver_events import deliver_events
from tasks.exchange.roster import add_account
from tasks.recycle_events import recycle
from tasks.settings import Settings
from tasks.update_event_status import apply_statuses, give_up_on_silent, join_statuses, read_open_logs

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def run(settings: Settings, account: Account) -> AccountRun:
    account = account.model_copy(update={"outcome_within_hours": 24, "fallback_channels": ("email", "sms")})
    made = run_on(settings, account, NOW)
    put_delivery(made.store)
    put_events(made.store, [Event(1, mobile_phone="+41790000001"), Event(2), Event(3)])
    asyncio.run(deliver_events(settings, account, now=NOW))
    return made


def update(run: AccountRun, at: datetime) -> int:
    given_up = give_up_on_silent(run.store, account=run.account, now=at)
    logs = read_open_logs(run.store)
    apply_statuses(run.store, logs, join_statuses(logs, account=run.account), account=run.account, now=at)
    return given_up


def tell(run: AccountRun, folder: Path, number: int, kind: str, at: datetime) -> None:
    row: dict[str, Any] = {"event_id": str(Event(number).event_id), "kind": kind, "logged_at": at.isoformat()}
    (folder / f"{number}{kind}.ndjson").write_text(
        json.dumps(row | {"source_id": kind, "recipient": "ann@example.net"})
    )
    collect_delivery_log(run.settings, run.account, folder / f"{number}{kind}.ndjson", now=at)


def statuses(run: AccountRun) -> list[tuple[Any, ...]]:
    return select(run.store, "select event_id - {CELL}, status, reason from event order by 1")


@pytest.mark.parametrize("policy", ["message-center", "first-final-wins", "best-wins"])
def test_a_message_without_an_outcome_fails_until_one_is_told(
    run: AccountRun, tmp_path: Path, policy: PolicyName
) -> None:
    run = run_on(run.settings, run.account.model_copy(update={"policy": policy}), NOW)
    tell(run, tmp_path, 3, "delivered", NOW + HOUR)
    assert update(run, NOW + 23 * HOUR) == 0
    assert statuses(run)[:2] == [(1, "pending_delivery", None), (2, "pending_delivery", None)]
    assert statuses(run)[2][1] == "sent"
    assert update(run, NOW + 25 * HOUR) == 2
    assert statuses(run)[:2] == [(1, "delivery_failed", "no_outcome"), (2, "delivery_failed", "no_outcome")]
    assert update(run, NOW + 30 * HOUR) == 0
    assert recycle(run_on(run.settings, run.account, NOW + 30 * HOUR), dry_run=True).found == 0
    if policy != "first-final-wins":
        tell(run, tmp_path, 1, "delivered", NOW + 40 * HOUR)
        update(run, NOW + 41 * HOUR)
        assert statuses(run)[0][1] == "sent"


def test_a_log_that_is_here_and_not_joined_yet_is_heard_first(run: AccountRun, tmp_path: Path) -> None:
    update(run, NOW + HOUR)
    tell(run, tmp_path, 2, "deferred", NOW + 2 * HOUR)
    assert update(run, NOW + 25 * HOUR) == 2
    assert update(run, NOW + 26 * HOUR) == 1


def test_an_account_that_sets_no_time_waits(run: AccountRun) -> None:
    patient = run_on(run.settings, run.account.model_copy(update={"outcome_within_hours": None}), NOW)
    assert update(patient, NOW + 1_000 * HOUR) == 0
    assert statuses(patient)[0][1] == "pending_delivery"


def test_the_status_flow_gives_up_too(
    settings: Settings, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(settings.home))
    run = run_on(settings, account.model_copy(update={"outcome_within_hours": 24}), NOW)
    add_account(settings.roster_path, run.account)
    publish(run, [{"template_id": "order"}])
    ingest(run, [{"id": "1", "type": "order", "email": "a@b.example"}], tmp_path)
    process(run)
    asyncio.run(deliver_events(settings, run.account, now=NOW))
    assert asyncio.run(update_event_status.fn(account.name, now=NOW + 23 * HOUR)).by_status == {}
    assert asyncio.run(update_event_status.fn(account.name, now=NOW + 25 * HOUR)).by_status == {"delivery_failed": 1}
