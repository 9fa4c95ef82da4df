"""Claimed batches in the store: which there are, and the transaction that ends them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import BatchEnding, ClaimedBatch, ClaimedEvent, HandOver, HandOverLog, NextTry
from tasks.contracts.vocabulary import Queue
from tasks.store.connection import Session, StoreFile, reading, writing
from tasks.store.deliver_events import id_range


def claimed_batches(
    store: StoreFile, *, queue: Queue | None
) -> tuple[dy.DataFrame[ClaimedBatch], dy.DataFrame[ClaimedEvent]]:
    """Batches that are claimed and not settled, in the order of their claims, and the events that they hold.

    Args:
        store: The account's store.
        queue: Of batches that hold this queue's events, or none at all; None: of all.
    """
    with reading(store) as session:
        batches = session.frame("deliver_events/select_claimed_batches")
        if batches.is_empty():
            return ClaimedBatch.create_empty(), ClaimedEvent.create_empty()
        events = session.frame("deliver_events/select_claimed_events", {"batches": batches})
    if queue:
        others = events.group_by("batch_id").agg(pl.col("queue").ne(queue).all()).filter("queue")
        batches = batches.join(others, on="batch_id", how="anti", maintain_order="left")
        events = events.join(others, on="batch_id", how="anti", maintain_order="left")
    return ClaimedBatch.validate(batches, cast=True), ClaimedEvent.validate(events, cast=True)


def settled_batches(store: StoreFile, batch_ids: Sequence[str]) -> list[str]:
    """Those of the batches that the store knows the end of."""
    if not batch_ids:
        return []
    batches = pl.DataFrame({"batch_id": batch_ids}, schema={"batch_id": pl.String})
    with reading(store) as session:
        rows = session.rows("deliver_events/select_settled_batches", {"batches": batches})
    return [batch_id for (batch_id,) in rows]


def settle_batches(
    store: StoreFile,
    endings: dy.DataFrame[BatchEnding],
    claimed: dy.DataFrame[ClaimedEvent],
    *,
    handed_over: dy.DataFrame[HandOver],
    logs: dy.DataFrame[HandOverLog],
    next_tries: dy.DataFrame[NextTry],
    now: datetime,
) -> int:
    """Ends claimed batches in one transaction: keeps the events that are done with, releases all others.

    Args:
        store: The account's store.
        endings: How the batches end; one that is settled already is left as it is, with its events.
        claimed: The events that they hold.
        handed_over: What became of their messages.
        logs: The log rows to write.
        next_tries: What becomes of the events whose messages were deferred.
        now: The instant of the settlement.

    Returns:
        How many events expired with them.
    """
    with writing(store, purpose="settling delivery batches") as session:
        rows = session.rows("deliver_events/settle_batches", {"ending": endings}, now=now)
        settled = pl.DataFrame(rows, schema={"batch_id": pl.String}, orient="row")
        held = claimed.join(settled, on="batch_id", how="semi").select("event_id", "batch_id").sort("event_id")
        kept = held.join(handed_over.filter(pl.col("outcome") != "deferred"), on="event_id", maintain_order="left")
        _change(session, "keep_events", "kept", kept.select("event_id", "batch_id", "outcome"))
        _change(session, "insert_logs", "logs", logs.join(held, on="event_id", how="semi"), now=now)
        _change(session, "release_events", "held", held.join(kept, on="event_id", how="anti"))
        tries = next_tries.join(held, on="event_id", how="semi").sort("event_id")
        _change(session, "apply_next_tries", "next_tries", tries, now=now)
    return tries.filter(pl.col("status") == "expired").height


def _change(session: Session, statement: str, name: str, frame: pl.DataFrame, **parameters: Any) -> None:
    if frame.height:
        session.change(f"deliver_events/{statement}", {name: frame}, **parameters, **id_range(frame))
