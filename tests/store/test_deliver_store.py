"""Claims and settlements in a store."""

from datetime import UTC, datetime, timedelta

import dataframely as dy
import polars as pl
import pytest
from deliverables import CELL, DELIVERY, Event, put_delivery, put_events, select

from tasks.contracts.deliver_events import HandOver, HandOverLog, NextTry, RenderedMessage
from tasks.store.connection import StoreFile, reading, writing
from tasks.store.deliver_events import (
    Claim,
    claim_batch,
    claimed_batches,
    claimed_events,
    deliverables,
    expire_events,
    message_sources,
    settle_batch,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def rendered(*numbers: int, problems: dict[int, str] | None = None) -> dy.DataFrame[RenderedMessage]:
    frame = pl.DataFrame(
        {"event_id": [CELL + number for number in numbers], "problem": [(problems or {}).get(n) for n in numbers]},
        schema_overrides={"problem": pl.String},
    )
    return RenderedMessage.validate(
        frame.select(
            "event_id",
            event_key=pl.lit("k"),
            delivery_id=pl.lit(DELIVERY),
            channel=pl.lit("email"),
            recipient=pl.lit("ann@example.net"),
            sender=pl.lit(None),
            subject=pl.lit(None),
            body_text=pl.lit("t"),
            body_html=pl.lit(None),
            problem="problem",
        ),
        cast=True,
    )


def logs(*numbers: int, batch_id: str) -> dy.DataFrame[HandOverLog]:
    return HandOverLog.validate(
        pl.DataFrame({"event_id": [CELL + number for number in numbers]}, schema={"event_id": pl.Int64}).with_columns(
            delivery_id=pl.lit(DELIVERY),
            recipient=pl.lit("ann@example.net"),
            kind=pl.lit("failed"),
            rank=pl.lit(5),
            logged_at=pl.lit(NOW),
            reason=pl.lit("no_content"),
            provider=pl.lit(None),
            provider_message_id=pl.lit(None),
            source_id=pl.lit(batch_id),
        ),
        cast=True,
    )


def claim(store: StoreFile, *numbers: int, problems: dict[int, str] | None = None, now: datetime = NOW) -> Claim:
    messages = rendered(*numbers, problems=problems)
    return claim_batch(
        store, messages, sender="outbox", now=now, unrendered_logs=lambda batch: logs(*(problems or {}), batch_id=batch)
    )


def outcomes(*rows: tuple[int, str]) -> dy.DataFrame[HandOver]:
    frame = pl.DataFrame(
        [(CELL + number, outcome) for number, outcome in rows], schema=["event_id", "outcome"], orient="row"
    )
    return HandOver.validate(
        frame.with_columns(
            kind=pl.lit(None), reason=pl.lit(None), provider_message_id=pl.lit(None), logged_at=pl.lit(NOW)
        ),
        cast=True,
    )


def next_try(
    number: int, error_count: int, status: str, reason: str | None, at: datetime | None
) -> dy.DataFrame[NextTry]:
    return NextTry.validate(
        pl.DataFrame([(CELL + number, error_count, status, reason, at)], schema=pl.Schema(NextTry), orient="row")
    )


def test_deliverable_is_what_has_a_delivery_no_batch_and_no_try_to_wait_for(store: StoreFile) -> None:
    put_events(
        store,
        [
            Event(1),
            Event(2, next_try_at=NOW),
            Event(3, next_try_at=NOW + SECOND),
            Event(4, status="sent"),
            Event(5, status="pending"),
            Event(6, queue="rt"),
            Event(7),
            Event(8),
        ],
    )
    with writing(store, purpose="test") as session:
        session.connection.execute("update event set delivery_id = null where event_id = $id", {"id": CELL + 8})
    claim(store, 7)
    assert deliverables(store, now=NOW, queue=None)["event_id"].to_list() == [CELL + 1, CELL + 2, CELL + 6]
    assert deliverables(store, now=NOW, queue="rt").rows() == [(CELL + 6, DELIVERY, "rt")]
    assert deliverables(store, now=NOW + SECOND, queue="batch").height == 3


def test_what_was_not_handed_over_in_time_expires(store: StoreFile) -> None:
    put_events(
        store,
        [
            Event(1, expires_at=NOW),
            Event(2, expires_at=NOW + SECOND),
            Event(3, expires_at=NOW - SECOND, status="pending"),
            Event(4, expires_at=NOW - SECOND, queue="rt", next_try_at=NOW + SECOND),
            Event(5, expires_at=NOW - SECOND),
            Event(6),
        ],
    )
    claim(store, 5)
    before = dict(select(store, "select event_id - {CELL}, change_seq from event"))
    assert expire_events(store, now=NOW, queue="rt") == 1
    assert expire_events(store, now=NOW, queue=None) == 1
    assert expire_events(store, now=NOW, queue=None) == 0
    expired = select(
        store,
        "select event_id - {CELL}, reason, next_try_at, processed_at from event where status = 'expired' order by 1",
    )
    assert expired == [(1, "expiration_passed", None, NOW), (4, "expiration_passed", None, NOW)]
    after = dict(select(store, "select event_id - {CELL}, change_seq from event"))
    assert {number for number in after if after[number] != before[number]} == {1, 4}


def test_what_changed_since_it_was_found_overdue_does_not_expire(store: StoreFile) -> None:
    put_events(store, [Event(1, expires_at=NOW)])
    stale = pl.DataFrame({"event_id": [CELL + 1], "change_seq": [0]})
    with writing(store, purpose="test") as session:
        ids = {"first_id": CELL + 1, "last_id": CELL + 1}
        assert session.change("deliver_events/expire", {"expirable": stale}, now=NOW, **ids) == 0


def test_a_message_source_is_the_event_with_its_data_and_the_texts_of_its_delivery(store: StoreFile) -> None:
    put_delivery(store, sender="shop@example.org", body_html="<b></b>")
    put_events(store, [Event(1), Event(2, ctx='{"a": [1, {"b": "é"}]}'), Event(3)])
    events, template = message_sources(
        store, deliverables(store, now=NOW, queue=None).filter(pl.col("event_id") != CELL + 3)
    )
    assert events.select("event_id", "email", "ctx").rows() == [
        (CELL + 1, "ann@example.net", '{"name": "Ann"}'),
        (CELL + 2, "ann@example.net", '{"a": [1, {"b": "é"}]}'),
    ]
    assert template.rows() == [("confirm", 1, "Hello {{ name }}", "Dear {{ ctx.name }}", "<b></b>", "shop@example.org")]


def test_a_delivery_without_its_template_has_no_texts(store: StoreFile) -> None:
    put_events(store, [Event(1)])
    events, template = message_sources(store, deliverables(store, now=NOW, queue=None))
    assert (events.height, template.height) == (1, 0)


def test_an_event_is_claimed_by_one_batch_only(store: StoreFile) -> None:
    put_events(store, [Event(number) for number in range(1, 5)])
    first, second, third = claim(store, 1, 2), claim(store, 2, 3), claim(store, 1, 2, 3)
    assert [batch.event_ids for batch in (first, second, third)] == [(CELL + 1, CELL + 2), (CELL + 3,), ()]
    assert claimed_batches(store).rows() == [(first.batch_id, "outbox"), (second.batch_id, "outbox")]
    assert claimed_events(store, second.batch_id)["event_id"].to_list() == [CELL + 3]


def test_what_changed_since_it_was_read_is_not_claimed(store: StoreFile) -> None:
    put_events(store, [Event(1, status="sent"), Event(2, delivery=2), Event(3)])
    assert claim(store, 1, 2, 3, 4).event_ids == (CELL + 3,)


def test_batch_ids_differ_though_the_instant_is_the_same(store: StoreFile) -> None:
    put_events(store, [Event(1), Event(2)])
    ids = [claim(store, number).batch_id for number in (1, 2)]
    assert ids == [f"20261123T120000-{DELIVERY}-1", f"20261123T120000-{DELIVERY}-2"]


def test_a_message_that_could_not_be_rendered_is_settled_with_its_claim(store: StoreFile) -> None:
    put_events(store, [Event(1), Event(2), Event(3, status="sent")])
    batch = claim(store, 1, 2, 3, problems={2: "no_content", 3: "no_content"})
    assert (batch.event_ids, batch.not_rendered) == ((CELL + 1,), 1)
    assert select(store, "select event_id - {CELL}, outcome from hand_over order by 1") == [
        (1, None),
        (2, "not_rendered"),
    ]
    assert select(store, "select event_id - {CELL}, kind, rank, reason, applied, received_at from delivery_log") == [
        (2, "failed", 5, "no_content", False, NOW)
    ]
    assert claimed_events(store, batch.batch_id).height == 1


def test_a_batch_with_nothing_to_send_is_settled_at_once(store: StoreFile) -> None:
    put_events(store, [Event(1)])
    claim(store, 1, problems={1: "no_content"})
    assert select(store, "select state, messages, settled_at from delivery_batch") == [("confirmed", 0, NOW)]
    assert claimed_batches(store).is_empty()


def test_settling_keeps_what_is_done_with_and_releases_the_rest(store: StoreFile) -> None:
    put_events(store, [Event(number) for number in range(1, 7)])
    batch, other = claim(store, 1, 2, 3, 4, 5), claim(store, 6)
    handed_over = outcomes((1, "taken"), (2, "refused"), (3, "unsure"), (4, "deferred"))
    at = NOW + 60 * SECOND
    expired = settle_batch(
        store,
        batch.batch_id,
        state="confirmed",
        reason=None,
        handed_over=handed_over,
        logs=logs(1, 2, batch_id=batch.batch_id),
        next_tries=next_try(4, 1, "pending_delivery", None, at),
        now=NOW,
    )
    assert expired == 0
    assert select(store, "select event_id - {CELL}, outcome from hand_over order by 1") == [
        (1, "taken"),
        (2, "refused"),
        (3, "unsure"),
        (6, None),
    ]
    assert select(store, "select event_id - {CELL}, error_count, next_try_at from event where error_count > 0") == [
        (4, 1, at)
    ]
    assert deliverables(store, now=NOW, queue=None)["event_id"].to_list() == [CELL + 5]
    assert deliverables(store, now=at, queue=None)["event_id"].to_list() == [CELL + 4, CELL + 5]
    assert claimed_batches(store)["batch_id"].to_list() == [other.batch_id]
    assert select(store, "select count(*) from delivery_log") == [(2,)]


def test_a_batch_is_settled_once(store: StoreFile) -> None:
    put_events(store, [Event(1)])
    batch = claim(store, 1)
    for _ in range(2):
        settle_batch(
            store,
            batch.batch_id,
            state="confirmed",
            reason=None,
            handed_over=outcomes((1, "taken")),
            logs=logs(1, batch_id=batch.batch_id),
            next_tries=NextTry.create_empty(),
            now=NOW,
        )
    assert select(store, "select count(*) from delivery_log") == [(1,)]


@pytest.mark.parametrize("change", ["update event set status = 'sent'", "update event set error_count = 4"])
def test_an_event_that_changed_meanwhile_keeps_its_change(store: StoreFile, change: str) -> None:
    put_events(store, [Event(1)])
    batch = claim(store, 1)
    with writing(store, purpose="test") as session:
        session.connection.execute(change)
    before = select(store, "select status, error_count, next_try_at from event")
    settle_batch(
        store,
        batch.batch_id,
        state="confirmed",
        reason=None,
        handed_over=outcomes((1, "deferred")),
        logs=HandOverLog.create_empty(),
        next_tries=next_try(1, 1, "expired", "tries_used_up", None),
        now=NOW,
    )
    assert select(store, "select status, error_count, next_try_at from event") == before


KEYS = [
    ("1::bigint", "null", "'a@b'", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("2::bigint", "null", "'a@b'", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("null", "'1'", "'a@b'", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("null", "null", "'a@b'", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("null", "''", "'a@b'", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("1::bigint", "null", "null", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("1::bigint", "null", "''", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("1::bigint", "null", "'a@b'", "'sent'", "timestamptz '2026-01-01 00:00:00.000002Z'", "'s'"),
    ("1::bigint", "null", "'a@b'", "'opened'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("1::bigint", "null", "'a@b'", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "null"),
    ("1::bigint", "null", "'a@b'", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "''"),
    ("null", "'1|3:a@b'", "null", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("null", "'x'", "'q|-'", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("null", "'x|3:q'", "null", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
    ("null", "'-'", "'a@b'", "'sent'", "timestamptz '2026-01-01 00:00:00.000001Z'", "'s'"),
]


def test_log_keys_tell_rows_apart_and_know_the_same_row_again(store: StoreFile) -> None:
    with reading(store) as session:
        keys = [session.connection.execute(f"select log_key({', '.join(key)})").fetchall()[0][0] for key in KEYS]
        assert len(set(keys)) == len(KEYS)
        same = (
            "1::bigint",
            "'the event says enough'",
            "'A@B'",
            "'sent'",
            "timestamptz '2026-01-01 01:00:00.000001+01:00'",
            "'s'",
        )
        assert session.connection.execute(f"select log_key({', '.join(same)})").fetchall()[0][0] == keys[0]
        assert str(keys[0]) == "3d867d28-f53c-7f34-cfaf-332e04fe7e37"
