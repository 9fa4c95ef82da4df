"""Claims and settlements in a store."""

from datetime import UTC, datetime, timedelta

import dataframely as dy
import polars as pl
import pytest
from deliverables import CELL, DELIVERY, Event, put_delivery, put_events, select

from tasks.contracts.deliver_events import BatchEnding, HandOver, HandOverLog, NextTry, RenderedMessage
from tasks.contracts.vocabulary import Queue
from tasks.store import deliver_events as in_store
from tasks.store.connection import StoreFile, reading, writing
from tasks.store.deliver_events import Claim, claim_round, expire_events, message_sources, waiting
from tasks.store.settle_batches import claimed_batches, settle_batches

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def rendered(
    *numbers: int, problems: dict[int, str] | None = None, deliveries: dict[int, int] | None = None
) -> dy.DataFrame[RenderedMessage]:
    frame = pl.DataFrame(
        {
            "event_id": [CELL + number for number in numbers],
            "delivery_id": [CELL + (deliveries or {}).get(n, 1) for n in numbers],
            "problem": [(problems or {}).get(n) for n in numbers],
        },
        schema_overrides={"problem": pl.String},
    )
    return RenderedMessage.validate(
        frame.select(
            "event_id",
            event_key=pl.lit("k"),
            delivery_id="delivery_id",
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


def logs(held: pl.DataFrame) -> dy.DataFrame[HandOverLog]:
    return HandOverLog.validate(
        held.select("event_id", source_id="batch_id").with_columns(
            delivery_id=pl.lit(DELIVERY),
            recipient=pl.lit("ann@example.net"),
            kind=pl.lit("failed"),
            rank=pl.lit(5),
            logged_at=pl.lit(NOW),
            reason=pl.lit("no_content"),
            provider=pl.lit(None),
            provider_message_id=pl.lit(None),
        ),
        cast=True,
    )


def claim(
    store: StoreFile,
    *numbers: int,
    problems: dict[int, str] | None = None,
    deliveries: dict[int, int] | None = None,
    now: datetime = NOW,
) -> Claim:
    messages = rendered(*numbers, problems=problems, deliveries=deliveries)
    return claim_round(store, messages, sender="outbox", now=now, unrendered_logs=logs)


def batch_of(claimed: Claim) -> str:
    (batch_id,) = claimed.held["batch_id"].unique()
    return str(batch_id)


def settle(
    store: StoreFile,
    *batches: str,
    handed_over: dy.DataFrame[HandOver],
    next_tries: dy.DataFrame[NextTry] | None = None,
    logged: tuple[int, ...] = (),
) -> int:
    _, claimed = claimed_batches(store, queue=None)
    rows = [(batch, "confirmed", None) for batch in batches]
    of_events = claimed.filter(pl.col("event_id").is_in([CELL + number for number in logged]))
    return settle_batches(
        store,
        BatchEnding.validate(pl.DataFrame(rows, schema=pl.Schema(BatchEnding), orient="row")),
        claimed,
        handed_over=handed_over,
        logs=logs(of_events),
        next_tries=NextTry.create_empty() if next_tries is None else next_tries,
        now=NOW,
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
    assert waiting(store, now=NOW, queue=None).deliverables["event_id"].to_list() == [CELL + 1, CELL + 2, CELL + 6]
    assert waiting(store, now=NOW, queue="rt").deliverables.rows() == [(CELL + 6, DELIVERY, "rt", "email")]
    assert waiting(store, now=NOW + SECOND, queue="batch").deliverables.height == 3


def test_remains_are_claimed_batches_and_what_is_overdue(store: StoreFile) -> None:
    def has_remains(queue: Queue | None = None, *, now: datetime = NOW) -> bool:
        return waiting(store, now=now, queue=queue).has_remains

    put_events(store, [Event(1, queue="rt", expires_at=NOW), Event(2), Event(3, status="pending", expires_at=NOW)])
    assert has_remains()
    assert has_remains("rt")
    assert not has_remains("batch")
    assert not has_remains(now=NOW - SECOND)
    claim(store, 2)
    assert has_remains(now=NOW - SECOND)


@pytest.mark.parametrize("slice_rows", [1, 100_000])
def test_what_was_not_handed_over_in_time_expires(
    store: StoreFile, slice_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_store, "SLICE_ROWS", slice_rows)
    put_events(
        store,
        [
            Event(1, expires_at=NOW),
            Event(2, expires_at=NOW + SECOND),
            Event(3, expires_at=NOW - SECOND, status="pending"),
            Event(4, expires_at=NOW - SECOND, queue="rt", next_try_at=NOW + SECOND),
            Event(5, expires_at=NOW - SECOND),
            Event(6),
            Event(7, expires_at=NOW - SECOND),
        ],
    )
    claim(store, 5)
    before = dict(select(store, "select event_id - {CELL}, change_seq from event"))
    assert expire_events(store, now=NOW, queue="rt") == 1
    assert expire_events(store, now=NOW, queue=None) == 2
    assert expire_events(store, now=NOW, queue=None) == 0
    expired = select(
        store,
        "select event_id - {CELL}, reason, next_try_at, processed_at from event where status = 'expired' order by 1",
    )
    assert expired == [(number, "expiration_passed", None, NOW) for number in (1, 4, 7)]
    after = dict(select(store, "select event_id - {CELL}, change_seq from event"))
    assert {number for number in after if after[number] != before[number]} == {1, 4, 7}


def test_what_changed_since_it_was_found_overdue_does_not_expire(store: StoreFile) -> None:
    put_events(store, [Event(1, expires_at=NOW)])
    stale = pl.DataFrame({"event_id": [CELL + 1], "change_seq": [0]})
    with writing(store, purpose="test") as session:
        ids = {"first_id": CELL + 1, "last_id": CELL + 1}
        assert session.change("deliver_events/expire", {"expirable": stale}, now=NOW, **ids) == 0


def test_a_message_source_is_the_event_with_its_data_and_the_texts_of_its_delivery(store: StoreFile) -> None:
    put_delivery(store, sender="shop@example.org", body_html="<b></b>")
    put_events(store, [Event(1), Event(2, ctx='{"a": [1, {"b": "é"}]}'), Event(3)])
    events, template, _ = message_sources(
        store, waiting(store, now=NOW, queue=None).deliverables.filter(pl.col("event_id") != CELL + 3)
    )
    assert events.select("event_id", "email", "ctx").rows() == [
        (CELL + 1, "ann@example.net", '{"name": "Ann"}'),
        (CELL + 2, "ann@example.net", '{"a": [1, {"b": "é"}]}'),
    ]
    assert template.rows() == [
        (DELIVERY, "confirm", 1, "Hello {{ name }}", "Dear {{ ctx.name }}", "<b></b>", "shop@example.org")
    ]


def test_a_delivery_without_its_template_has_no_texts(store: StoreFile) -> None:
    put_events(store, [Event(1)])
    events, template, _ = message_sources(store, waiting(store, now=NOW, queue=None).deliverables)
    assert (events.height, template.height) == (1, 0)


def test_an_event_is_claimed_by_one_batch_only(store: StoreFile) -> None:
    put_events(store, [Event(number) for number in range(1, 5)])
    claims = claim(store, 1, 2), claim(store, 2, 3), claim(store, 1, 2, 3)
    assert [one.held["event_id"].to_list() for one in claims] == [[CELL + 1, CELL + 2], [CELL + 3], []]
    batches, events = claimed_batches(store, queue=None)
    assert batches.rows() == [(batch_of(claims[0]), "outbox"), (batch_of(claims[1]), "outbox")]
    assert events["event_id"].to_list() == [CELL + 1, CELL + 2, CELL + 3]


def test_what_changed_since_it_was_read_is_not_claimed(store: StoreFile) -> None:
    put_events(store, [Event(1, status="sent"), Event(2, delivery=2), Event(3)])
    assert claim(store, 1, 2, 3, 4).held["event_id"].to_list() == [CELL + 3]


def test_a_round_claims_a_batch_for_each_delivery_that_has_events_left(store: StoreFile) -> None:
    put_events(store, [Event(1), Event(2, delivery=2), Event(3, delivery=3, status="sent"), Event(4, delivery=2)])
    deliveries = {2: 2, 3: 3, 4: 2}
    held = claim(store, 1, 2, 3, 4, deliveries=deliveries, problems={4: "no_content"}).held
    first, second = f"20261123T120000-{CELL + 1}-1", f"20261123T120000-{CELL + 2}-2"
    assert held.rows() == [(CELL + 1, first), (CELL + 2, second)]
    assert select(store, "select batch_id, delivery_id - {CELL}, state, messages from delivery_batch order by 2") == [
        (first, 1, "claimed", 1),
        (second, 2, "claimed", 1),
    ]
    assert select(store, "select event_id - {CELL}, source_id from delivery_log") == [(4, second)]
    put_events(store, [Event(5)])
    assert batch_of(claim(store, 5)) == f"20261123T120000-{DELIVERY}-4"


def test_a_claimed_batch_is_of_the_queue_of_its_events(store: StoreFile) -> None:
    put_events(store, [Event(1), Event(2, delivery=2, queue="rt")])
    batch, real_time = (batch_of(claim(store, number, deliveries={2: 2})) for number in (1, 2))
    for queue, mine in (("batch", [batch]), ("rt", [real_time]), (None, [batch, real_time])):
        batches, events = claimed_batches(store, queue=queue)  # type: ignore[arg-type]  # one of two names
        assert batches["batch_id"].to_list() == events["batch_id"].to_list() == mine


def test_a_message_that_could_not_be_rendered_is_settled_with_its_claim(store: StoreFile) -> None:
    put_events(store, [Event(1), Event(2), Event(3, status="sent")])
    batch = claim(store, 1, 2, 3, problems={2: "no_content", 3: "no_content"})
    assert (batch.held["event_id"].to_list(), batch.not_rendered) == ([CELL + 1], 1)
    assert select(store, "select event_id - {CELL}, outcome from hand_over order by 1") == [
        (1, None),
        (2, "not_rendered"),
    ]
    assert select(store, "select event_id - {CELL}, kind, rank, reason, applied, received_at from delivery_log") == [
        (2, "failed", 5, "no_content", False, NOW)
    ]
    assert claimed_batches(store, queue=None)[1].height == 1


def test_a_batch_with_nothing_to_send_is_settled_at_once(store: StoreFile) -> None:
    put_events(store, [Event(1)])
    claim(store, 1, problems={1: "no_content"})
    assert select(store, "select state, messages, settled_at from delivery_batch") == [("confirmed", 0, NOW)]
    assert claimed_batches(store, queue=None)[0].is_empty()


def test_settling_keeps_what_is_done_with_and_releases_the_rest(store: StoreFile) -> None:
    put_events(store, [Event(number) for number in range(1, 7)])
    batch, other = claim(store, 1, 2, 3, 4, 5), claim(store, 6)
    handed_over = outcomes((1, "taken"), (2, "refused"), (3, "unsure"), (4, "deferred"))
    at = NOW + 60 * SECOND
    expired = settle(
        store,
        batch_of(batch),
        handed_over=handed_over,
        logged=(1, 2),
        next_tries=next_try(4, 1, "pending_delivery", None, at),
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
    assert waiting(store, now=NOW, queue=None).deliverables["event_id"].to_list() == [CELL + 5]
    assert waiting(store, now=at, queue=None).deliverables["event_id"].to_list() == [CELL + 4, CELL + 5]
    assert claimed_batches(store, queue=None)[0]["batch_id"].to_list() == [batch_of(other)]
    assert select(store, "select count(*) from delivery_log") == [(2,)]


def test_a_batch_is_settled_once_and_costs_the_others_of_its_round_nothing(store: StoreFile) -> None:
    put_events(store, [Event(1), Event(2, delivery=2), Event(3, delivery=2)])
    held = claim(store, 1, 2, 3, deliveries={2: 2, 3: 2}).held
    batches, claimed = claimed_batches(store, queue=None)
    tries = pl.concat([next_try(1, 1, "expired", "tries_used_up", None), next_try(3, 1, "pending_delivery", None, NOW)])
    rows = [(batch_id, "confirmed", None) for batch_id in batches["batch_id"]]
    endings = pl.DataFrame(rows, schema=pl.Schema(BatchEnding), orient="row")
    assert settle(store, held["batch_id"][0], handed_over=outcomes((1, "taken")), logged=(1,)) == 0
    for _ in range(2):
        expired = settle_batches(
            store,
            BatchEnding.validate(endings),
            claimed,
            handed_over=outcomes((1, "deferred"), (2, "taken"), (3, "deferred")),
            logs=logs(held.head(2)),
            next_tries=NextTry.validate(tries),
            now=NOW,
        )
        assert expired == 0
    assert select(store, "select event_id - {CELL}, outcome from hand_over order by 1") == [(1, "taken"), (2, "taken")]
    assert select(store, "select event_id - {CELL} from delivery_log order by 1") == [(1,), (2,)]
    assert select(store, "select event_id - {CELL}, status, error_count from event order by 1") == [
        (1, "pending_delivery", 0),
        (2, "pending_delivery", 0),
        (3, "pending_delivery", 1),
    ]


@pytest.mark.parametrize("change", ["update event set status = 'sent'", "update event set error_count = 4"])
def test_an_event_that_changed_meanwhile_keeps_its_change(store: StoreFile, change: str) -> None:
    put_events(store, [Event(1)])
    batch = claim(store, 1)
    with writing(store, purpose="test") as session:
        session.connection.execute(change)
    before = select(store, "select status, error_count, next_try_at from event")
    settle(
        store,
        batch_of(batch),
        handed_over=outcomes((1, "deferred")),
        next_tries=next_try(1, 1, "expired", "tries_used_up", None),
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
