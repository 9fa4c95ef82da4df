"""Rounds, messages, log rows and next tries of the hand-over (design 3.3)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

import dataframely as dy
import polars as pl

from tasks.contracts.accounts import Retries
from tasks.contracts.collect_delivery_logs import StatusRule
from tasks.contracts.deliver_events import (
    HAND_OVER_INTERRUPTED,
    NO_ADDRESS,
    ClaimedEvent,
    Deliverable,
    DeliverableEvent,
    HandOver,
    HandOverLog,
    HeldEvent,
    Message,
    NextTry,
    RenderedMessage,
    is_held_back,
)
from tasks.contracts.enrich_events import HeldBackEvent
from tasks.contracts.ingest_events import channel_address
from tasks.contracts.vocabulary import EXPIRATION_PASSED, TRIES_USED_UP, Channel


def by_sender(
    deliverables: dy.DataFrame[Deliverable], senders: Mapping[Channel, str], /
) -> dict[str, dy.DataFrame[Deliverable]]:
    """The events of each sender, by the channels that go to it; senders without any are left out."""
    name = pl.col("channel").cast(pl.String).replace_strict(dict(senders), return_dtype=pl.String).alias("sender")
    parts = deliverables.with_columns(name).partition_by("sender", maintain_order=True, include_key=False, as_dict=True)
    return {str(sender): cast("dy.DataFrame[Deliverable]", part) for (sender,), part in parts.items()}


def rounds(
    deliverables: dy.DataFrame[Deliverable], /, *, batch_messages: int, round_messages: int
) -> list[dy.DataFrame[Deliverable]]:
    """Splits into batches by delivery and then by size, and puts batches together up to the size of a round.

    Oldest events first, real-time deliveries before the others. What of a delivery is in a round is one batch.
    """
    parts = deliverables.sort("event_id").with_columns(
        part=pl.int_range(pl.len()).over("delivery_id") // batch_messages,
        last=pl.col("queue") != "rt",
    )
    batch = ("last", "oldest")
    ordered = parts.with_columns(oldest=pl.col("event_id").min().over("last", "delivery_id", "part")).sort(
        *batch, "event_id"
    )
    sizes = ordered.group_by(*batch, "delivery_id", maintain_order=True).len()
    packed = list(_packed(zip(sizes["delivery_id"], sizes["len"], strict=True), round_messages))
    numbered = sizes.with_columns(round=pl.Series(packed, dtype=pl.Int64)).drop("delivery_id", "len")
    placed = ordered.join(numbered, on=batch, maintain_order="left").select(*Deliverable.column_names(), "round")
    split = placed.partition_by("round", maintain_order=True, include_key=False)
    return [cast("dy.DataFrame[Deliverable]", part) for part in split]


def _packed(batches: Iterable[tuple[int, int]], limit: int) -> Iterator[int]:
    """For each batch (its delivery and size), in order, the number of its round: the last one, if there is room.

    A round has one batch of a delivery.
    """
    number, filled, there = 0, 0, set[int]()
    for delivery, size in batches:
        if filled + size > limit or delivery in there:
            number, filled, there = number + 1, 0, set()
        filled += size
        there.add(delivery)
        yield number


def claimed_messages(
    rendered: dy.DataFrame[RenderedMessage], held: dy.DataFrame[HeldEvent], /
) -> dict[str, dy.DataFrame[Message]]:
    """The messages that can go and whose events batches hold, by batch."""
    going = rendered.filter(pl.col("problem").is_null()).join(held, on="event_id", maintain_order="left")
    messages = Message.validate(going.select(Message.column_names()))
    batches = messages.partition_by("batch_id", maintain_order=True, as_dict=True)
    return {batch_id: cast("dy.DataFrame[Message]", batch) for (batch_id,), batch in batches.items()}


def claimed_events(
    events: dy.DataFrame[DeliverableEvent], held: dy.DataFrame[HeldEvent], /
) -> dy.DataFrame[ClaimedEvent]:
    """The events that batches hold, as they were read to be rendered."""
    return ClaimedEvent.validate(events.join(held, on="event_id", maintain_order="left"), cast=True)


def held_back(
    rendered: dy.DataFrame[RenderedMessage], reasons: Sequence[dy.DataFrame[HeldBackEvent]], /
) -> dy.DataFrame[RenderedMessage]:
    """The messages, with a problem where nothing may be sent to their address; of several reasons the first."""
    of_events = pl.concat([frame.select("event_id", held_for="reason") for frame in reasons])
    if of_events.is_empty():
        return rendered
    is_held = pl.col("held_for").is_not_null()
    first = of_events.unique("event_id", keep="first", maintain_order=True)
    return RenderedMessage.validate(
        rendered.join(first, on="event_id", how="left", maintain_order="left").with_columns(
            pl.coalesce("held_for", "problem").alias("problem"),
            *(pl.when(~is_held).then(name).alias(name) for name in ("subject", "body_text", "body_html")),
        )
    )


def withheld(events: dy.DataFrame[DeliverableEvent], /) -> dy.DataFrame[RenderedMessage]:
    """In the place of messages that cannot be made yet: nothing of them leaves."""
    nothing = pl.lit(None, pl.String)
    problem = pl.when(channel_address().is_null()).then(pl.lit(NO_ADDRESS))
    return RenderedMessage.validate(
        events.select(
            "event_id", "event_key", "delivery_id", "channel", recipient=channel_address(), sender=nothing,
            subject=nothing, body_text=nothing, body_html=nothing, problem=problem,
        )
    )  # fmt: skip


def unrendered_logs(
    rendered: dy.DataFrame[RenderedMessage],
    held: dy.DataFrame[HeldEvent],
    rules: dy.DataFrame[StatusRule],
    /,
    *,
    now: datetime,
) -> dy.DataFrame[HandOverLog]:
    """A log row for every message that cannot go and whose event a batch took.

    It is of kind `failed` where its template could not make it, `suppressed` where nothing may be sent to its address.
    """
    failed = rendered.filter(pl.col("problem").is_not_null()).join(held, on="event_id")
    return _ranked(
        failed.select(
            "event_id",
            "delivery_id",
            "recipient",
            kind=pl.when(is_held_back()).then(pl.lit("suppressed")).otherwise(pl.lit("failed")),
            logged_at=pl.lit(now),
            reason="problem",
            provider=pl.lit(None),
            provider_message_id=pl.lit(None),
            source_id="batch_id",
        ),
        rules,
    )


def answered(
    messages: dy.DataFrame[Message], handed_over: dy.DataFrame[HandOver], /, *, now: datetime
) -> dy.DataFrame[HandOver]:
    """The sender's answer, with `unsure` for every message that it says nothing of."""
    silent = messages.join(handed_over, on="event_id", how="anti").select(
        "event_id",
        outcome=pl.lit("unsure"),
        kind=pl.lit("unknown"),
        reason=pl.lit(HAND_OVER_INTERRUPTED),
        provider_message_id=pl.lit(None, dtype=pl.String),
        logged_at=pl.lit(now),
    )
    known = handed_over.join(messages, on="event_id", how="semi")
    return HandOver.validate(pl.concat([known, HandOver.cast(silent)]))


def all_deferred(messages: dy.DataFrame[Message], /, *, reason: str, now: datetime) -> dy.DataFrame[HandOver]:
    """The answer in place of a sender that could not take the batch: to be tried again, nothing to log."""
    return HandOver.validate(
        messages.select(
            "event_id",
            outcome=pl.lit("deferred"),
            kind=pl.lit(None),
            reason=pl.lit(reason),
            provider_message_id=pl.lit(None),
            logged_at=pl.lit(now),
        ),
        cast=True,
    )


def hand_over_logs(
    claimed: dy.DataFrame[ClaimedEvent],
    handed_over: dy.DataFrame[HandOver],
    rules: dy.DataFrame[StatusRule],
    /,
    *,
    provider: str,
) -> dy.DataFrame[HandOverLog]:
    """What the sender learnt, as delivery-log rows."""
    learnt = claimed.with_columns(recipient=channel_address()).join(
        handed_over.filter(pl.col("kind").is_not_null()), on="event_id"
    )
    return _ranked(learnt.with_columns(provider=pl.lit(provider), source_id="batch_id"), rules)


def next_tries(
    claimed: dy.DataFrame[ClaimedEvent], handed_over: dy.DataFrame[HandOver], /, *, retries: Retries, now: datetime
) -> dy.DataFrame[NextTry]:
    """Deferred events with their next instant, or expired: tries used up, else expiration passed."""
    deferred = claimed.join(handed_over.filter(pl.col("outcome") == "deferred"), on="event_id", how="semi")
    used_up = pl.col("error_count") + 1 >= retries.max_tries
    passed = pl.col("expires_at").is_not_null() & (pl.col("expires_at") <= now)
    over = used_up | passed
    tries = deferred.select(
        "event_id",
        error_count=pl.col("error_count") + 1,
        status=pl.when(over).then(pl.lit("expired")).otherwise(pl.lit("pending_delivery")),
        reason=pl.when(used_up).then(pl.lit(TRIES_USED_UP)).when(passed).then(pl.lit(EXPIRATION_PASSED)),
        next_try_at=pl.when(~over).then(pl.lit(now) + back_off(retries)),
    )
    return NextTry.validate(tries.sort("event_id"), cast=True)


def back_off(retries: Retries) -> pl.Expr:
    """How long an event waits after failing with `error_count` failures behind it.

    Capped exponential back-off with full jitter: uniform in (0, min(cap, base * 2^error_count)], the same
    for the same (`event_id`, `error_count`) on every machine and version.
    """
    ceiling = pl.min_horizontal(
        pl.lit(retries.cap_seconds), retries.base_seconds * pl.lit(2.0).pow(pl.col("error_count"))
    )
    return pl.duration(microseconds=(ceiling * 1_000_000 * _uniform()).ceil().cast(pl.Int64))


def _uniform() -> pl.Expr:
    """A number in (0, 1] from `event_id` and `error_count`: SplitMix64, whose products wrap at 2^64."""
    mixed = pl.col("event_id").cast(pl.UInt64) * _u64(0x9E3779B97F4A7C15)
    mixed = mixed.xor((pl.col("error_count").cast(pl.UInt64) + 1) * _u64(0xD1342543DE82EF95))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = mixed.xor(mixed // _u64(2**shift)) * _u64(factor)
    mixed = mixed.xor(mixed // _u64(2**31))
    return ((mixed // _u64(2**11)) + 1).cast(pl.Float64) / 2.0**53


def _u64(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)


def _ranked(logs: pl.DataFrame, rules: dy.DataFrame[StatusRule]) -> dy.DataFrame[HandOverLog]:
    ranks = rules.select(pl.col("kind").cast(pl.String), "rank")
    ranked = logs.with_columns(pl.col("kind").cast(pl.String), pl.col("recipient").str.to_lowercase()).join(
        ranks, on="kind", how="left"
    )
    return HandOverLog.validate(ranked.select(HandOverLog.column_names()).sort("event_id"), cast=True)
