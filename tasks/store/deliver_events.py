"""The hand-over in the store: what is deliverable, and the transactions that claim and settle a batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import (
    BatchState,
    ClaimedBatch,
    ClaimedEvent,
    Deliverable,
    DeliverableEvent,
    ExpirableEvent,
    HandOver,
    HandOverLog,
    MessageTemplate,
    NextTry,
    RenderedMessage,
)
from tasks.contracts.vocabulary import Queue
from tasks.store.connection import StoreFile, reading, writing


@dataclass(frozen=True)
class Claim:
    """A batch as it was claimed: the events whose messages go out, and how many could not be rendered."""

    batch_id: str
    event_ids: tuple[int, ...]
    not_rendered: int


def expire_events(store: StoreFile, *, now: datetime, queue: Queue | None) -> int:
    """Expires what was not handed over in time; returns how many events that is."""
    with reading(store) as session:
        events = session.frame("deliver_events/select_expirable", now=now, queue=queue)
    expirable = ExpirableEvent.validate(events, cast=True)
    if expirable.is_empty():
        return 0
    with writing(store, purpose="expiring events") as session:
        return session.change("deliver_events/expire", {"expirable": expirable}, now=now, **_range(expirable))


def deliverables(store: StoreFile, *, now: datetime, queue: Queue | None) -> dy.DataFrame[Deliverable]:
    """The events to hand over now, by id."""
    with reading(store) as session:
        events = session.frame("deliver_events/select_deliverables", now=now, queue=queue)
    return Deliverable.validate(events, cast=True)


def message_sources(
    store: StoreFile, batch: dy.DataFrame[Deliverable]
) -> tuple[dy.DataFrame[DeliverableEvent], dy.DataFrame[MessageTemplate]]:
    """The events of a batch, all of one delivery, and the template that it uses (none where it is lost)."""
    with reading(store) as session:
        events = session.frame("deliver_events/select_events", {"deliverables": batch}, **_range(batch))
        template = session.frame("deliver_events/select_template", delivery_id=batch["delivery_id"][0])
    return DeliverableEvent.validate(events, cast=True), MessageTemplate.validate(template, cast=True)


def claim_batch(
    store: StoreFile,
    rendered: dy.DataFrame[RenderedMessage],
    *,
    sender: str,
    now: datetime,
    unrendered_logs: Callable[[str], dy.DataFrame[HandOverLog]],
) -> Claim:
    """Takes the events that are still deliverable into a new batch, in one transaction.

    Args:
        store: The account's store.
        rendered: Messages of one delivery; those with a problem are noted as `not_rendered`, with their log rows.
        sender: Name of the sender that will get the others.
        now: The instant of the claim.
        unrendered_logs: Makes the log rows of the messages that could not be rendered, for a batch id.
    """
    delivery_id = rendered["delivery_id"][0]
    ids = _range(rendered)
    claims = rendered.select("event_id", "delivery_id", "problem")
    with writing(store, purpose="claiming a delivery batch") as session:
        session.change("local_ids/take", name="delivery_batch", count=1)
        number = session.value("local_ids/last", name="delivery_batch")
        batch_id = f"{now:%Y%m%dT%H%M%S}-{delivery_id}-{number}"
        taken = session.rows("deliver_events/claim_events", {"claims": claims}, batch_id=batch_id, **ids)
        event_ids = tuple(event_id for event_id, outcome in taken if outcome is None)
        if taken:
            session.change(
                "deliver_events/insert_batch",
                batch_id=batch_id,
                delivery_id=delivery_id,
                sender=sender,
                messages=len(event_ids),
                now=now,
            )
        if len(taken) > len(event_ids):
            logs = {"logs": unrendered_logs(batch_id)}
            session.change("deliver_events/insert_logs", logs, batch_id=batch_id, now=now, **ids)
    return Claim(batch_id, event_ids, len(taken) - len(event_ids))


def claimed_batches(store: StoreFile) -> dy.DataFrame[ClaimedBatch]:
    """Batches that were claimed and never settled, in the order of their claims."""
    with reading(store) as session:
        return ClaimedBatch.validate(session.frame("deliver_events/select_claimed_batches"), cast=True)


def settled_batches(store: StoreFile, batch_ids: Sequence[str]) -> list[str]:
    """Those of the batches that the store knows the end of."""
    if not batch_ids:
        return []
    with reading(store) as session:
        rows = session.rows("deliver_events/select_settled_batches", batch_ids=list(batch_ids))
    return [batch_id for (batch_id,) in rows]


def claimed_events(store: StoreFile, batch_id: str) -> dy.DataFrame[ClaimedEvent]:
    """The events whose messages a claimed batch holds, by id."""
    with reading(store) as session:
        events = session.frame("deliver_events/select_claimed_events", batch_id=batch_id)
    return ClaimedEvent.validate(events, cast=True)


def settle_batch(
    store: StoreFile,
    batch_id: str,
    *,
    state: BatchState,
    reason: str | None,
    handed_over: dy.DataFrame[HandOver],
    logs: dy.DataFrame[HandOverLog],
    next_tries: dy.DataFrame[NextTry],
    now: datetime,
) -> int:
    """Ends a claimed batch in one transaction: keeps the events that are done with, releases all others.

    Args:
        store: The account's store.
        batch_id: The batch; one that is settled already is left as it is.
        state: How it ends.
        reason: Why it is returned, if it is.
        handed_over: What became of its messages.
        logs: The log rows to write.
        next_tries: What becomes of the events whose messages were deferred.
        now: The instant of the settlement.

    Returns:
        How many events expired with it.
    """
    kept = handed_over.filter(pl.col("outcome") != "deferred").sort("event_id")
    with writing(store, purpose="settling a delivery batch") as session:
        ending: dict[str, Any] = {"state": state, "reason": reason, "now": now}
        if not session.change("deliver_events/settle_batch", batch_id=batch_id, **ending):
            return 0
        if kept.height:
            session.change("deliver_events/keep_events", {"kept": kept}, batch_id=batch_id, **_range(kept))
        if logs.height:
            session.change("deliver_events/insert_logs", {"logs": logs}, batch_id=batch_id, now=now, **_range(logs))
        session.change("deliver_events/release_events", batch_id=batch_id)
        if next_tries.height:
            tries = {"next_tries": next_tries}
            session.change("deliver_events/apply_next_tries", tries, now=now, **_range(next_tries))
    return next_tries.filter(pl.col("status") == "expired").height


def _range(frame: pl.DataFrame) -> dict[str, Any]:
    """The ids of a frame as the range that a statement need look at."""
    return {"first_id": frame["event_id"].min(), "last_id": frame["event_id"].max()}
