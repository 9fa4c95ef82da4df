"""The health of real stores: against a naive computation, busy, damaged, missing; the command's exit codes."""

import json
import sys
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deployments.command_line.app import main
from tasks.contracts.accounts import Account
from tasks.contracts.vocabulary import STATUSES
from tasks.exchange.roster import add_account
from tasks.health import Look, accounts_health, keep_sample
from tasks.settings import Settings
from tasks.store.connection import StoreFile, writing

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(hours=1)
ERRORS = ("not_taken_into_account", "expired", "delivery_failed", "ignored")
instants = st.integers(0, 7_200).map(lambda seconds: NOW - timedelta(seconds=seconds))
events = st.fixed_dictionaries({
    "queue": st.sampled_from(["rt", "batch"]), "status": st.sampled_from(STATUSES),
    "reason": st.sampled_from([None, "template_paused"]), "created_at": instants, "received_at": instants,
    "scheduled_at": st.none() | instants, "next_try_at": st.none() | instants,
    "processing_at": instants, "processed_at": instants,
})  # fmt: skip


def put(store: StoreFile, rows: list[dict[str, Any]]) -> None:
    instant = pl.Datetime("us", "UTC")
    columns = {name: instant for name in rows[0] if name.endswith("_at")} if rows else {}
    frame = pl.DataFrame(rows, schema_overrides={**columns, "reason": pl.String})
    with writing(store, purpose="test") as session:
        session.connection.execute("delete from event")
        if rows:
            session.connection.register("rows", frame)
            session.connection.execute(
                """insert into event by name select *, row_number() over () as event_id, 'k' || row_number() over ()
                as event_key, 'order' as event_type, 'email' as channel, '{}'::json as ctx,
                nextval('change_seq') as change_seq from rows"""
            )
            session.connection.unregister("rows")


def naive(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    rt = [row for row in rows if row["queue"] == "rt"]

    def entered(row: dict[str, Any]) -> datetime:
        return max(row["created_at"], row["scheduled_at"] or row["created_at"])

    def due_at(row: dict[str, Any]) -> datetime:
        return max(filter(None, (row["received_at"], row["scheduled_at"], row["next_try_at"])))

    came = [row for row in rt if SINCE <= entered(row) < NOW]
    went = [row for row in rt if row["status"] == "sent" and SINCE <= row["processed_at"] < NOW]
    due = [due_at(row) for row in rt if row["status"] == "pending" and row["reason"] is None and due_at(row) <= NOW]
    handed = [row["processing_at"] for row in rt if row["status"] == "pending_delivery"]
    return {
        "queued": sum(row["status"] == "pending" for row in rt),
        "error_rate_percent": 100 * mean(row["status"] in ERRORS for row in came) if came else None,
        "outgoing_per_hour": len(went),
        "average_queue_seconds": mean((row["processing_at"] - entered(row)).total_seconds() for row in went)
        if went else None,
        "average_sending_seconds": mean((row["processed_at"] - row["processing_at"]).total_seconds() for row in went)
        if went else None,
        "average_processing_seconds": mean((row["processed_at"] - entered(row)).total_seconds() for row in went)
        if went else None,
        "oldest_due_seconds": (NOW - min(due)).total_seconds() if due else None,
        "oldest_handed_over_seconds": (NOW - min(handed)).total_seconds() if handed else None,
    }  # fmt: skip


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(events, max_size=8))
def test_values_are_those_of_a_naive_computation(
    rows: list[dict[str, Any]], settings: Settings, account: Account, store: StoreFile
) -> None:
    put(store, rows)
    [health] = accounts_health(Look(settings, NOW), [account])
    for indicator, value in naive(rows).items():
        said = health.value(indicator)
        assert said == (None if value is None else pytest.approx(value)), indicator
    assert health.other_queued == sum(row["queue"] == "batch" and row["status"] == "pending" for row in rows)


def pending(count: int) -> list[dict[str, Any]]:
    row = {"queue": "rt", "status": "pending", "reason": None, "created_at": NOW, "received_at": NOW}
    return [row] * count


def test_a_busy_store_is_told_of_with_its_holder_and_its_last_sample(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    put(store, pending(450))
    look = Look(settings, NOW, wait_seconds=0.1)
    with writing(store, purpose="a long transaction"):
        [blind] = accounts_health(look, [account])
    [seen] = accounts_health(look, [account])
    keep_sample(settings, seen)
    with writing(store, purpose="a long transaction"):
        [sampled] = accounts_health(Look(settings, NOW + timedelta(minutes=5), wait_seconds=0.1), [account])
        [outdated] = accounts_health(Look(settings, NOW + timedelta(hours=5), wait_seconds=0.1), [account])
    assert (blind.sight, blind.status, blind.value("queued")) == ("busy", "warning", None)
    assert blind.told
    assert "a long transaction" in blind.told
    assert (sampled.sight, sampled.status, sampled.value("queued"), sampled.at) == ("busy", "alert", 450, NOW)
    assert outdated.value("queued") is None


def test_a_damaged_store_is_an_alert_and_a_missing_one_is_none(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    assert accounts_health(Look(settings, NOW), [account])[0].sight == "missing"
    assert not store.path.exists()
    store.path.parent.mkdir(parents=True)
    store.path.write_bytes(b"no store" * 10_000)
    [health] = accounts_health(Look(settings, NOW), [account])
    assert (health.sight, health.status) == ("unreadable", "alert")


@pytest.mark.parametrize(
    ("count", "arguments", "code", "status"),
    [
        (0, (), 0, "ok"), (150, (), 0, "warning"), (400, (), 1, "alert"), (400, ("--queue", "batch"), 0, "ok"),
        (400, ("--ping",), 1, "alert"), (0, ("--account", "nobody"), 2, None), (0, ("--queue", "no"), 2, None),
        (0, ("--window", "0"), 2, None),
    ],
)  # fmt: skip
def test_the_command_answers_as_a_load_balancer_asks(  # noqa: PLR0917
    count: int,
    arguments: tuple[str, ...],
    code: int,
    status: str | None,
    settings: Settings,
    account: Account,
    store: StoreFile,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add_account(settings.home / "accounts.toml", account)
    put(store, pending(count))
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(settings.home))
    monkeypatch.setattr(sys, "argv", ["message-center", "health", "--json", "--now", NOW.isoformat(), *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == code
    if status:
        answer = json.loads(capsys.readouterr().out)
        assert answer["status"] == status
        assert answer["max"] == 400
        assert answer["accounts"][0]["queued"] == (0 if "batch" in arguments else count)
