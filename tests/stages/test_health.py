"""Health as a store has it: its facts against a naive count, and stores that are busy, damaged or not there."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import duckdb
import polars as pl
import pytest
from archivables import change
from restored_lives import archive, begin, put_events, work

from tasks.account_run import AccountRun
from tasks.contracts.accounts import Account
from tasks.contracts.health import AccountHealth
from tasks.contracts.vocabulary import Queue
from tasks.health import Look, accounts_health
from tasks.store.connection import StoreFile, writing
from tasks.store.health import queue_facts
from tasks.store.lock import lock

HOUR = timedelta(hours=1)
STATUSES = ("pending", "pending_delivery", "sent", "ignored", "delivery_failed", "not_taken_into_account", "expired")
FAILED = {"ignored", "delivery_failed", "not_taken_into_account", "expired"}
Row = dict[str, Any]


def health(run: AccountRun, *, queue: Queue = "rt", wait: float = 0.2, now: datetime | None = None) -> AccountHealth:
    (seen,) = accounts_health(Look(run.settings, now or run.now, queue, wait_seconds=wait), [run.account])
    return seen


def random_events(now: datetime, count: int) -> list[Row]:
    chance = random.Random(7)

    def at(low: int, high: int) -> datetime:
        return now + timedelta(seconds=chance.randrange(low, high))

    rows = []
    for number in range(count):
        received = at(-3 * 3600, 1)
        status = chance.choice(STATUSES)
        entered = chance.choice([None, None, at(-7200, 3600)])
        taken = max(received, entered or received) + timedelta(seconds=chance.randrange(60))
        rows.append({
            "event_id": number, "event_key": str(number), "queue": chance.choice(["rt", "batch"]),
            "event_type": "order", "channel": "email", "ctx": "{}", "received_at": received,
            "created_at": received - timedelta(seconds=chance.randrange(3)), "scheduled_at": entered, "status": status,
            "reason": chance.choice([None, "template_paused"]) if status == "pending" else None,
            "next_try_at": chance.choice([None, None, at(-600, 600)]),
            "processing_at": None if status == "pending" else taken,
            "processed_at": None if status.startswith("pending") else taken + timedelta(seconds=chance.randrange(90)),
            "change_seq": number + 1,
        })  # fmt: skip
    return rows


def random_samples(now: datetime) -> list[Row]:
    chance = random.Random(8)
    return [
        {"sampled_at": now - timedelta(minutes=5 * back), "queue": queue, "pending": chance.randrange(900),
         "pending_delivery": 0, "change_seq": 1}
        for back in range(30) for queue in ("rt", "batch")
    ]  # fmt: skip


def put(store: StoreFile, table: str, rows: Sequence[Row]) -> None:
    with writing(store, purpose="test") as session:
        session.connection.register("given", pl.DataFrame(rows, infer_schema_length=None))
        session.connection.execute(f"insert into {table} by name select * from given")  # noqa: S608


def naive(rows: Sequence[Row], samples: Sequence[Row], queue: Queue, since: datetime, now: datetime) -> Row:
    own = [row for row in rows if row["queue"] == queue]
    entered = {row["event_id"]: max(row["created_at"], row["scheduled_at"] or row["created_at"]) for row in own}
    came = [row for row in own if since <= entered[row["event_id"]] < now]
    went = [row for row in own if row["status"] == "sent" and since <= row["processed_at"] < now]
    waiting = {
        row["event_id"]: max(filter(None, (row["received_at"], row["scheduled_at"], row["next_try_at"])))
        for row in own
        if row["status"] == "pending" and row["reason"] != "template_paused"
    }
    due = {name: at for name, at in waiting.items() if at <= now}
    lengths = [one["pending"] for one in samples if one["queue"] == queue and since <= one["sampled_at"] < now]
    return {
        "queued": sum(row["status"] == "pending" for row in own),
        "other_queued": sum(row["status"] == "pending" for row in rows if row["queue"] != queue),
        "left_over": sum(entered[name] < since for name in due),
        "came_in": len(came),
        "went_out": len(went),
        "failed": sum(row["status"] in FAILED for row in came),
        "average_queue_seconds": fmean(seconds(row["processing_at"] - entered[row["event_id"]]) for row in went),
        "average_sending_seconds": fmean(seconds(row["processed_at"] - row["processing_at"]) for row in went),
        "average_processing_seconds": fmean(seconds(row["processed_at"] - entered[row["event_id"]]) for row in went),
        "max_queued": max(lengths),
        "min_queued": min(lengths),
        "average_queued": fmean(lengths),
        "oldest_due_seconds": seconds(now - min(due.values())),
        "first_received_at": min(row["received_at"] for row in rows),
    }


def seconds(span: timedelta) -> float:
    return span.total_seconds()


def test_facts_of_a_queue_are_what_a_naive_count_finds(run: AccountRun) -> None:
    rows, samples = random_events(run.now, 600), random_samples(run.now)
    put(run.store, "event", rows)
    put(run.store, "queue_sample", samples)
    for queue, window in (("rt", HOUR), ("batch", HOUR), ("rt", HOUR / 3), ("batch", 4 * HOUR)):
        seen = (
            queue_facts(run.store, queue, since=run.now - window, now=run.now)
            .drop("last_change_seq")
            .row(0, named=True)
        )
        expected = naive(rows, samples, queue, run.now - window, run.now)
        assert all(expected[name] for name in expected if name != "left_over" or window < 4 * HOUR)
        assert seen == {name: pytest.approx(value, abs=1e-6) if isinstance(value, float) else value
                        for name, value in expected.items()}  # fmt: skip


def test_a_store_without_events_and_one_that_is_not_there_are_ok(run: AccountRun) -> None:
    assert (health(run).sight, health(run).status) == ("missing", "ok")
    assert not run.settings.home.exists()
    change(run.store)
    seen = health(run)
    assert (seen.sight, seen.status, seen.value("queued"), seen.told) == ("read", "ok", 0, None)


def test_a_life_is_healthy_until_its_queue_is_full_and_nobody_archives(run: AccountRun) -> None:
    begin(run)
    put_events(run, "a", range(30), queue="rt")
    work(run)
    archive(run)
    before = files(run.settings.home)
    assert health(run).status == "ok"
    assert files(run.settings.home) == before
    assert health(run, now=run.now + 9 * HOUR).value("archive_periods") == 0

    change(
        run.store,
        "update event set status = 'pending', change_seq = nextval('change_seq')",
        "insert into event select event.* from event, range(1, 15) numbers(n)",
    )
    seen = health(run, now=run.now + 3 * HOUR)
    told = {row["indicator"]: row["status"] for row in seen.indicators.to_dicts() if row["status"] != "ok"}
    assert told == {"queued": "alert", "oldest_due_seconds": "alert", "archive_periods": "warning"}
    assert (seen.value("queued"), seen.value("oldest_due_seconds"), seen.value("archive_periods")) == (450, 10_800, 3)
    other = health(run, queue="batch", now=run.now + 3 * HOUR)
    assert (other.value("queued"), other.other_queued, other.value("oldest_due_seconds")) == (0, 450, None)

    control = StoreFile(run.settings.control_store, "control")
    change(control, "update archive_proof set equal = false where table_name = 'event'")
    assert health(run).value("different_days") == 1


def test_a_busy_store_is_shown_as_busy_with_its_holder_in_time(run: AccountRun) -> None:
    change(run.store)
    with lock(run.store.lock_path, exclusive=True, wait_seconds=1, purpose="an endless purge"):
        seen = health(run)
    assert (seen.sight, seen.status) == ("busy", "warning")
    assert "an endless purge" in (seen.told or "")
    assert health(run).sight == "read"


def test_a_busy_control_store_leaves_the_rest_to_be_seen(run: AccountRun) -> None:
    change(run.store)
    control = StoreFile(run.settings.control_store, "control")
    change(control)
    with lock(control.lock_path, exclusive=True, wait_seconds=1, purpose="archiving"):
        seen = health(run)
        off = {"archive_periods": False, "different_days": False}
        account = Account.model_validate({**vars(run.account), "thresholds": off})
        (without,) = accounts_health(Look(run.settings, run.now, wait_seconds=0.2), [account])
    assert (seen.sight, seen.status, seen.value("queued"), seen.value("archive_periods")) == ("read", "ok", 0, None)
    assert "archiving" in (seen.told or "")
    assert without.told is None


def test_a_damaged_a_foreign_and_a_newer_store_are_alerts(run: AccountRun) -> None:
    change(run.store, "insert into schema_migration values ('9999_x', now())")
    newer = health(run)
    run.store.path.unlink()
    with duckdb.connect(str(run.store.path)) as connection:
        connection.execute("create table t (a integer)")
    foreign = health(run)
    run.store.path.write_bytes(b"PK\x03\x04" + bytes(50_000))
    for seen, told in ((newer, "newer"), (foreign, "none of ours"), (health(run), "cannot be read")):
        assert (seen.sight, seen.status) == ("unreadable", "alert")
        assert told in (seen.told or "")


def files(home: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
