"""What a purge takes, against a naive reading of the rules: row by row, in plain Python."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
from archivables import change, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.contracts.accounts import Account, Retention
from tasks.contracts.vocabulary import STATUSES
from tasks.purge_events import purge_events
from tasks.settings import Settings
from tasks.store.connection import StoreFile, writing
from tasks.store.conservation import balance

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEPT = Retention(event_days=2, archived_event_days=3, delivery_log_days=2)
ACCOUNT = Account(name="alpha", cell_id=3, retention=KEPT)
ARCHIVED_UPTO = 1_000
ages = st.integers(0, 5)  # days, so that the limits themselves are met


class Event(NamedTuple):
    """An event and the little of its surroundings that may keep it."""

    status: str
    received: int
    processed: int | None
    changed: bool
    """Since it was archived."""
    here: bool
    """In the account's store; else only in the archive."""
    archived: bool
    batch: str | None
    replay: bool
    logs: list["Log"]


class Log(NamedTuple):
    applied: bool
    named: str
    """event, message (of which another row names the event), both, or neither."""
    logged: int
    received: int
    changed: bool


log_rows = st.builds(
    Log, st.booleans(), st.sampled_from(["event", "message", "both", "neither"]), ages, ages, st.booleans()
)
events = st.builds(
    Event, st.sampled_from(STATUSES), ages, st.none() | ages, st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from([None, None, "claimed", "confirmed"]), st.booleans(), st.lists(log_rows, max_size=2),
)  # fmt: skip


def days_ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def event_rows(given_events: list[Event]) -> list[dict[str, Any]]:
    common = {"queue": "rt", "event_type": "order", "channel": "email", "ctx": "{}"}
    return [
        common
        | {
            "event_id": i,
            "event_key": str(i),
            "parent_event_id": 7 if each.replay else None,
            "created_at": days_ago(each.received),
            "received_at": days_ago(each.received),
            "processed_at": None if each.processed is None else days_ago(each.processed),
            "status": each.status,
            "change_seq": i + 1 + (ARCHIVED_UPTO if each.changed else 0),
        }
        for i, each in enumerate(given_events)
    ]


def rows_of_logs(given_events: list[Event]) -> list[dict[str, Any]]:
    numbered = [(i, n, log) for i, each in enumerate(given_events) for n, log in enumerate(each.logs)]
    return [
        {
            "log_key": f"00000000-0000-0000-0000-{i * 10 + n:012}",
            "event_id": i if log.named in {"event", "both"} else None,
            "provider_message_id": f"m{i}" if log.named in {"message", "both"} else None,
            "kind": "delivered",
            "logged_at": days_ago(log.logged),
            "received_at": days_ago(log.received),
            "applied": log.applied,
            "change_seq": 500 + i * 10 + n + (ARCHIVED_UPTO if log.changed else 0),
        }
        for i, n, log in numbered
    ]


def kept_events(given_events: list[Event], logs: list[dict[str, Any]]) -> set[int]:
    """Ids of the events that the account keeps."""
    kept = set()
    for i, each in enumerate(given_events):
        if not each.here:
            continue
        known_messages = {log["provider_message_id"] for log in logs if log["event_id"] == i} - {None}
        awaited = any(
            not log["applied"]
            and (log["event_id"] == i or (log["event_id"] is None and log["provider_message_id"] in known_messages))
            for log in logs
        )
        youngest = min(each.received, each.received if each.processed is None else each.processed)
        is_open = each.status in {"pending", "pending_delivery"}
        if is_open or each.changed or awaited or each.batch == "claimed" or youngest <= KEPT.event_days:
            kept.add(i)
    return kept


def stays(log: dict[str, Any], kept: set[int]) -> bool:
    if not log["applied"] or log["change_seq"] > ARCHIVED_UPTO or log["event_id"] in kept:
        return True
    return bool(max(log["logged_at"], log["received_at"]) >= days_ago(KEPT.delivery_log_days))


def check(given_events: list[Event]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Settings(home=Path(folder), purge_chunk_rows=3, compact_free_share=1)
        store = StoreFile(home.account_store("alpha"), "account", 5)
        control = StoreFile(home.control_store, "control", 5)
        all_events, logs = event_rows(given_events), rows_of_logs(given_events)
        lay_out(store, control, given_events, all_events, logs)

        kept = kept_events(given_events, logs)
        kept_logs = {log["change_seq"] for log in logs if stays(log, kept)}
        archive_keeps = {
            i
            for i, each in enumerate(given_events)
            if each.archived
            and (i in kept or min(each.received, 99 if each.processed is None else each.processed) <= 3)
        }
        told = purge_events(home, ACCOUNT, now=NOW).deleted
        done = purge_events(home, ACCOUNT, now=NOW, dry_run=False).deleted
        assert told == done
        assert ids(store, "select event_id from event") == kept
        assert ids(store, "select change_seq from delivery_log") == kept_logs
        assert ids(store, "select event_id from hand_over") == {i for i in kept if given_events[i].batch}
        assert ids(control, "select event_id from event") == archive_keeps
        assert balance(store).holds
        assert set(purge_events(home, ACCOUNT, now=NOW, dry_run=False).deleted.values()) == {0}


def ids(store: StoreFile, query: str) -> set[int]:
    return {value for (value,) in rows(store, query)}


def lay_out(
    store: StoreFile, control: StoreFile, given_events: list[Event], all_events: list[Any], logs: list[Any]
) -> None:
    here = [row for row, each in zip(all_events, given_events, strict=True) if each.here]
    archived = [row for row, each in zip(all_events, given_events, strict=True) if each.archived]
    insert(store, "event", here)
    insert(store, "delivery_log", logs)
    claims = [
        {"event_id": i, "batch_id": each.batch} for i, each in enumerate(given_events) if each.here and each.batch
    ]
    insert(store, "hand_over", claims)
    new = sum(row["parent_event_id"] is None for row in here)
    change(
        store,
        "insert into delivery_batch select unnest(['claimed', 'confirmed']), 1, 'outbox', unnest(['claimed', "
        "'confirmed']), null, 1, timestamptz '2026-11-01 00:00:00+00', timestamptz '2026-11-01 00:00:00+00'",
        f"insert into ingested_file values ('h', 'event', 'rt', 'f', 'x', {new}, {new}, 0, 0, now(), 1)",  # noqa: S608
    )
    insert(control, "event", [{"account": "alpha", **row} for row in archived])
    change(
        control,
        f"insert into archive_state select 'alpha', unnest(['event', 'delivery_log']), {ARCHIVED_UPTO}, [], now()",
    )


def insert(store: StoreFile, table: str, new: list[dict[str, Any]]) -> None:
    if new:
        with writing(store, purpose="a test") as session:
            session.connection.register("new", pl.DataFrame(new, infer_schema_length=None))
            session.connection.execute(f"insert into {table} by name from new")
            session.connection.unregister("new")


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.lists(events, min_size=60, max_size=90))
def test_a_purge_takes_exactly_what_the_rules_say(given_events: list[Event]) -> None:
    check(given_events)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=60))
def test_a_purge_takes_exactly_what_the_rules_say_many_times(given_events: list[Event]) -> None:
    check(given_events)
