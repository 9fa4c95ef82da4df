"""Batches, back-off and log rows of the hand-over."""

from datetime import UTC, datetime, timedelta

import dataframely as dy
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.contracts.accounts import Retries
from tasks.contracts.collect_delivery_logs import status_rules
from tasks.contracts.deliver_events import ClaimedEvent, Deliverable, HandOver, HeldEvent, Message, RenderedMessage
from tasks.transforms.deliver_events import (
    all_deferred,
    answered,
    back_off,
    claimed_messages,
    hand_over_logs,
    next_tries,
    rounds,
    unrendered_logs,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LARGEST_ID = 2**63 - 1
RETRIES = Retries(max_tries=3, base_seconds=60, cap_seconds=3_600)


def claimed(*rows: tuple[int, int, datetime | None]) -> dy.DataFrame[ClaimedEvent]:
    frame = pl.DataFrame(
        rows,
        schema={"event_id": pl.Int64, "error_count": pl.Int32, "expires_at": pl.Datetime("us", "UTC")},
        orient="row",
    )
    return ClaimedEvent.validate(
        frame.select(
            "event_id",
            batch_id=pl.lit("b"),
            delivery_id=pl.lit(7),
            channel=pl.lit("email"),
            email=pl.lit("Ann@Example.NET"),
            mobile_phone=pl.lit(None),
            registration_token=pl.lit(None),
            expires_at="expires_at",
            error_count="error_count",
        ),
        cast=True,
    )


def handed_over(*rows: tuple[int, str, str | None]) -> dy.DataFrame[HandOver]:
    frame = pl.DataFrame(rows, schema=["event_id", "outcome", "kind"], orient="row")
    return HandOver.validate(
        frame.with_columns(reason=pl.lit("250 OK"), provider_message_id=pl.lit("Q1"), logged_at=pl.lit(NOW)), cast=True
    )


def rendered(*rows: tuple[int, str | None]) -> dy.DataFrame[RenderedMessage]:
    frame = pl.DataFrame(rows, schema={"event_id": pl.Int64, "problem": pl.String}, orient="row")
    return RenderedMessage.validate(
        frame.select(
            "event_id",
            event_key=pl.lit("k"),
            delivery_id=pl.lit(7),
            channel=pl.lit("email"),
            recipient=pl.lit("Ann@Example.NET"),
            sender=pl.lit(None),
            subject=pl.lit("s"),
            body_text=pl.lit("t"),
            body_html=pl.lit(None),
            problem="problem",
        ),
        cast=True,
    )


def held(*rows: tuple[int, str]) -> dy.DataFrame[HeldEvent]:
    return HeldEvent.validate(pl.DataFrame(rows, schema=pl.Schema(HeldEvent), orient="row"))


def messages_of(*event_ids: int) -> dy.DataFrame[Message]:
    rows, holds = [(event_id, None) for event_id in event_ids], [(event_id, "b") for event_id in event_ids]
    return claimed_messages(rendered(*rows), held(*holds))["b"]


def naive_seconds(event_id: int, error_count: int, retries: Retries) -> float:
    word = 2**64
    mixed = event_id * 0x9E3779B97F4A7C15 % word
    mixed ^= (error_count + 1) * 0xD1342543DE82EF95 % word
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % word
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % word
    mixed ^= mixed >> 31
    return min(retries.cap_seconds, retries.base_seconds * 2.0**error_count) * ((mixed >> 11) + 1) / 2**53


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, LARGEST_ID),
    st.integers(0, 99),
    st.builds(Retries, base_seconds=st.floats(0.001, 1e5), cap_seconds=st.floats(0.001, 1e6)),
)
def test_the_wait_is_within_its_bounds_and_what_the_reference_says(
    event_id: int, error_count: int, retries: Retries
) -> None:
    events = pl.DataFrame(
        {"event_id": [event_id], "error_count": [error_count]}, schema={"event_id": pl.Int64, "error_count": pl.Int32}
    )
    wait = events.select(wait=back_off(retries))["wait"][0]
    ceiling = min(retries.cap_seconds, retries.base_seconds * 2.0**error_count)
    assert timedelta(0) < wait <= timedelta(seconds=ceiling) + timedelta(microseconds=1)
    assert wait.total_seconds() == pytest.approx(naive_seconds(event_id, error_count, retries), abs=2e-6, rel=1e-9)


def test_waits_are_spread_evenly_over_neighbouring_events_and_over_the_tries_of_one() -> None:
    neighbours = pl.DataFrame({"event_id": pl.int_range(3 * 2**56, 3 * 2**56 + 10_000, eager=True)})
    for frame in (
        neighbours.with_columns(error_count=pl.lit(20)),
        pl.DataFrame({"event_id": 3 * 2**56 + 1, "error_count": pl.int_range(10, 10_010, eager=True)}),
    ):
        waits = frame.select(wait=back_off(RETRIES).dt.total_milliseconds())["wait"]
        tenths = waits.to_frame().group_by(pl.col("wait") // 360_000).len().filter(pl.col("wait") < 10)
        assert tenths.height == 10
        assert tenths["len"].min() > 850
        assert tenths["len"].max() < 1_150


def test_the_wait_of_an_event_is_pinned_for_ever() -> None:
    event = pl.DataFrame({"event_id": [3 * 2**56 + 1], "error_count": [0]})
    assert event.select(wait=back_off(RETRIES))["wait"][0] == timedelta(seconds=54, microseconds=444_261)


def test_a_deferred_event_waits_or_expires() -> None:
    past, future = NOW - timedelta(seconds=1), NOW + timedelta(days=1)
    events = claimed((1, 0, None), (2, 1, future), (3, 2, None), (4, 0, past), (5, 2, past), (6, 0, NOW), (7, 0, None))
    outcomes = handed_over(*((event_id, "deferred", None) for event_id in range(1, 7)), (7, "taken", "queued"))
    tries = next_tries(events, outcomes, retries=RETRIES, now=NOW)
    assert tries.drop("next_try_at").rows() == [
        (1, 1, "pending_delivery", None),
        (2, 2, "pending_delivery", None),
        (3, 3, "expired", "tries_used_up"),
        (4, 1, "expired", "expiration_passed"),
        (5, 3, "expired", "tries_used_up"),
        (6, 1, "expired", "expiration_passed"),
    ]
    waits = [at and (at - NOW).total_seconds() for at in tries["next_try_at"]]
    assert waits == [
        pytest.approx(naive_seconds(1, 0, RETRIES), abs=2e-6),
        pytest.approx(naive_seconds(2, 1, RETRIES), abs=2e-6),
        None,
        None,
        None,
        None,
    ]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["batch", "rt"])), max_size=40),
    st.integers(1, 7),
    st.integers(0, 7),
)
def test_every_event_is_in_one_round_and_real_time_goes_first(
    events: list[tuple[int, str]], batch_messages: int, more: int
) -> None:
    rows = [(number, delivery + (10 if queue == "rt" else 0), queue) for number, (delivery, queue) in enumerate(events)]
    columns = pl.DataFrame(rows, schema=["event_id", "delivery_id", "queue"], orient="row")
    frame = Deliverable.validate(columns.with_columns(channel=pl.lit("sms")), cast=True)
    round_messages = batch_messages + more
    parts = rounds(frame, batch_messages=batch_messages, round_messages=round_messages)
    assert sorted(row[:3] for part in parts for row in part.rows()) == rows
    assert all(part.height <= round_messages for part in parts)
    batches = [batch for part in parts for batch in part.partition_by("delivery_id", maintain_order=True)]
    assert all(batch.height <= batch_messages for batch in batches)
    needed = sum(-(-size // batch_messages) for (size,) in frame.group_by("delivery_id").len().select("len").rows())
    assert len(batches) == needed
    firsts = [part.partition_by("delivery_id", maintain_order=True)[0] for part in parts]
    assert all(
        part.height + first.height > round_messages or first["delivery_id"][0] in part["delivery_id"]
        for part, first in zip(parts, firsts[1:], strict=False)
    )
    assert all(part["event_id"].is_sorted() for round_ in parts for part in round_.partition_by("delivery_id"))
    queues = [queue for part in parts for queue in part["queue"]]
    assert queues == sorted(queues, reverse=True)
    oldest = [(batch["queue"][0] != "rt", batch["event_id"][0]) for batch in batches]
    assert oldest == sorted(oldest)


def test_a_delivery_of_many_events_lets_the_older_ones_of_others_go_before_its_later_ones() -> None:
    rows = [(number, 1 if number in {1, 2, 4, 5} else number, "batch") for number in range(1, 7)]
    frame = pl.DataFrame(rows, schema=["event_id", "delivery_id", "queue"], orient="row")
    parts = rounds(
        Deliverable.validate(frame.with_columns(channel=pl.lit("sms")), cast=True), batch_messages=2, round_messages=2
    )
    assert [part["event_id"].to_list() for part in parts] == [[1, 2], [3], [4, 5], [6]]


def test_only_messages_that_can_go_and_were_claimed_are_sent_each_with_its_batch() -> None:
    some = rendered((1, None), (2, "no_content"), (3, None), (4, None), (5, None))
    batches = claimed_messages(some, held((1, "b"), (2, "b"), (4, "a"), (5, "b")))
    assert list(batches) == ["b", "a"]
    rows = [batch.select("event_id", "batch_id").rows() for batch in batches.values()]
    assert rows == [[(1, "b"), (5, "b")], [(4, "a")]]
    assert claimed_messages(rendered((1, None)), held()) == {}


def test_what_a_sender_is_silent_about_is_unsure_and_what_it_invents_is_left_out() -> None:
    messages = messages_of(1, 2)
    answer = answered(messages, handed_over((1, "taken", "queued"), (9, "taken", "queued")), now=NOW)
    assert sorted(answer.select("event_id", "outcome", "kind").rows()) == [
        (1, "taken", "queued"),
        (2, "unsure", "unknown"),
    ]


def test_a_sender_that_took_nothing_leaves_no_log_row() -> None:
    messages = messages_of(1)
    answer = all_deferred(messages, reason="connection refused", now=NOW)
    assert answer.select("event_id", "outcome", "kind", "reason").rows() == [
        (1, "deferred", None, "connection refused")
    ]
    assert hand_over_logs(claimed((1, 0, None)), answer, status_rules("message-center"), provider="smtp").is_empty()


def test_log_rows_say_who_learnt_what_of_whom_with_the_rank_of_the_accounts_policy() -> None:
    events, outcomes = (
        claimed((1, 0, None), (2, 0, None)),
        handed_over((1, "taken", "accepted"), (2, "refused", "bounced")),
    )
    for lifted, rank in ((False, 1), (True, 3)):
        rules = status_rules("message-center", accepted_means_sent=lifted)
        logs = hand_over_logs(events, outcomes, rules, provider="smtp")
        assert logs.rows() == [
            (1, 7, "ann@example.net", "accepted", rank, NOW, "250 OK", "smtp", "Q1", "b"),
            (2, 7, "ann@example.net", "bounced", 6, NOW, "250 OK", "smtp", "Q1", "b"),
        ]


def test_a_message_that_cannot_be_rendered_has_a_failed_log_row() -> None:
    logs = unrendered_logs(
        rendered((1, None), (2, "missing_variable: ctx.a"), (3, "no_content")),
        held((1, "a"), (2, "b")),
        status_rules("best-wins"),
        now=NOW,
    )
    assert logs.rows() == [(2, 7, "ann@example.net", "failed", 3, NOW, "missing_variable: ctx.a", None, None, "b")]


def test_messages_keep_the_recipient_as_it_was_given() -> None:
    assert messages_of(1)["recipient"].to_list() == ["Ann@Example.NET"]
    assert Message.column_names() == messages_of(1).columns
