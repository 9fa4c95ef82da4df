"""The hand-over in the store: what is deliverable, and the transaction that claims a round of batches."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import (
    AlikeEvent,
    Deliverable,
    DeliverableEvent,
    ExpirableEvent,
    HandOverLog,
    HeldEvent,
    MessageTemplate,
    RenderedMessage,
    is_held_back,
)
from tasks.contracts.enrich_events import HeldBackEvent
from tasks.contracts.vocabulary import Queue
from tasks.store.connection import Session, StoreFile, reading, writing

SLICE_ROWS = 100_000
"""Events expired in one transaction: others get in between two."""
_TAKEN = {"event_id": pl.Int64, "batch_id": pl.String, "outcome": pl.String}


@dataclass(frozen=True)
class Waiting:
    """What waits to be handed over."""

    deliverables: dy.DataFrame[Deliverable]
    """The events, by id."""
    has_remains: bool
    """Whether batches are claimed, or events overdue: with those settled there may be others to hand over."""


class Sources(NamedTuple):
    """What the messages of a round are made of."""

    events: dy.DataFrame[DeliverableEvent]
    templates: dy.DataFrame[MessageTemplate]
    """Of the events' deliveries; none where it is lost."""
    held_back: dy.DataFrame[HeldBackEvent]
    """Events of unpublished templates, or to addresses in quarantine."""


@dataclass(frozen=True)
class Claim:
    """A round as it was claimed."""

    held: dy.DataFrame[HeldEvent]
    """The events whose messages go out."""
    not_rendered: int
    """How many others were done with at once."""
    suppressed: int
    """How many of these because nothing may be sent to their addresses."""


def expire_events(store: StoreFile, *, now: datetime, queue: Queue | None) -> int:
    """Expires what was not handed over in time; returns how many events that is."""
    with reading(store) as session:
        events = session.frame("deliver_events/select_expirable", now=now, queue=queue)
    expirable = ExpirableEvent.validate(events, cast=True)
    return sum(_expire_slice(store, part, now=now) for part in expirable.iter_slices(SLICE_ROWS) if part.height)


def _expire_slice(store: StoreFile, expirable: pl.DataFrame, *, now: datetime) -> int:
    with writing(store, purpose="expiring events") as session:
        return session.change("deliver_events/expire", {"expirable": expirable}, now=now, **id_range(expirable))


def waiting(store: StoreFile, *, now: datetime, queue: Queue | None) -> Waiting:
    """What waits to be handed over now."""
    with reading(store) as session:
        events = session.frame("deliver_events/select_deliverables", now=now, queue=queue)
        has_remains = session.value("deliver_events/has_remains", now=now, queue=queue)
    return Waiting(Deliverable.validate(events, cast=True), has_remains)


def message_sources(store: StoreFile, deliverables: dy.DataFrame[Deliverable]) -> Sources:
    """What the messages of a round are made of."""
    wanted = {"wanted": deliverables.select("delivery_id").unique()}
    of_round, ids = {"deliverables": deliverables}, id_range(deliverables)
    with reading(store) as session:
        events = session.frame("deliver_events/select_events", of_round, **ids)
        held_back = session.frame("deliver_events/select_held_back", of_round, **ids)
        templates = session.frame("deliver_events/select_templates", wanted)
    return Sources(
        DeliverableEvent.validate(events, cast=True),
        MessageTemplate.validate(templates, cast=True),
        HeldBackEvent.validate(held_back, cast=True),
    )


def alike_events(
    store: StoreFile, events: dy.DataFrame[DeliverableEvent], *, window: timedelta
) -> dy.DataFrame[AlikeEvent]:
    """The events of a round, and those like them that went out, created no further than a window from them."""
    created = {"first_at": events["created_at"].min(), "last_at": events["created_at"].max()}
    round_ = {"deliverables": events.select("event_id")}
    with reading(store) as session:
        alike = session.frame(
            "deliver_events/select_alike", round_, seconds=window.total_seconds(), **created, **id_range(events)
        )
    return AlikeEvent.validate(alike, cast=True)


def claim_round(
    store: StoreFile,
    rendered: dy.DataFrame[RenderedMessage],
    *,
    sender: str,
    now: datetime,
    unrendered_logs: Callable[[dy.DataFrame[HeldEvent]], dy.DataFrame[HandOverLog]],
) -> Claim:
    """Takes the events that are still deliverable into new batches, one per delivery, in one transaction.

    Args:
        store: The account's store.
        rendered: Messages of a round; those with a problem are noted as `not_rendered`, with their log rows.
        sender: Name of the sender that will get the others.
        now: The instant of the claim.
        unrendered_logs: Makes the log rows of the messages that could not be rendered, for those that were taken.
    """
    ids = id_range(rendered)
    with writing(store, purpose="claiming delivery batches") as session:
        batches = _new_batches(session, rendered, now=now)
        claims = rendered.select("event_id", "delivery_id", "problem").join(batches, on="delivery_id")
        rows = session.rows("deliver_events/claim_events", {"claims": claims}, **ids)
        taken = pl.DataFrame(rows, schema=_TAKEN, orient="row").sort("event_id")
        held = HeldEvent.validate(taken.filter(pl.col("outcome").is_null()).drop("outcome"))
        others = HeldEvent.validate(taken.filter(pl.col("outcome").is_not_null()).drop("outcome"))
        if taken.height:
            claimed = batches.join(_messages_of_batches(taken), on="batch_id", maintain_order="left")
            session.change("deliver_events/insert_batches", {"claimed": claimed}, sender=sender, now=now)
        if others.height:
            session.change("deliver_events/insert_logs", {"logs": unrendered_logs(others)}, now=now, **ids)
    suppressed = rendered.filter(is_held_back()).join(others, on="event_id", how="semi")
    return Claim(held, others.height, suppressed.height)


def _new_batches(session: Session, rendered: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """A new batch id for each delivery: `delivery_id`, `batch_id`."""
    deliveries = rendered.select(pl.col("delivery_id").unique(maintain_order=True))
    session.change("local_ids/take", name="delivery_batch", count=deliveries.height)
    first = session.value("local_ids/last", name="delivery_batch") - deliveries.height + 1
    numbers = pl.int_range(first, first + deliveries.height, dtype=pl.Int64)
    return deliveries.with_columns(batch_id=pl.format(f"{now:%Y%m%dT%H%M%S}-{{}}-{{}}", "delivery_id", numbers))


def _messages_of_batches(taken: pl.DataFrame) -> pl.DataFrame:
    return taken.group_by("batch_id").agg(messages=pl.col("outcome").is_null().sum())


def id_range(frame: pl.DataFrame) -> dict[str, Any]:
    """The ids of a frame as the range that a statement need look at."""
    return {"first_id": frame["event_id"].min(), "last_id": frame["event_id"].max()}
