"""Routing in the store: what to decide on, and the transactions that apply decisions, slice by slice."""

from datetime import datetime

import dataframely as dy
import polars as pl

from tasks.contracts.route_events import ConditionContext, PendingEvent, RoutingDecision
from tasks.contracts.vocabulary import Queue
from tasks.store.connection import Session, StoreFile, reading, writing
from tasks.store.local_ids import take_ids
from tasks.store.queue_samples import sample_queues

DELIVERY_KEY = ("queue", "template_id", "template_version")
SLICE_ROWS = 100_000
"""Decisions applied in one transaction: whoever waits for the store gets in between two."""


def pending_events(
    store: StoreFile, queue: Queue, *, from_at: datetime | None = None, to_at: datetime | None = None
) -> dy.DataFrame[PendingEvent]:
    """The pending events of a queue, whatever their schedule, by id; where asked for, created in a window only."""
    with reading(store) as session:
        events = session.frame("route_events/select_pending_events", queue=queue, from_at=from_at, to_at=to_at)
    return PendingEvent.validate(events, cast=True)


def condition_contexts(store: StoreFile, event_ids: pl.Series) -> dy.DataFrame[ConditionContext]:
    """What template conditions may ask of these events."""
    with reading(store) as session:
        contexts = session.frame(
            "route_events/select_condition_contexts",
            {"asking": event_ids.rename("event_id").to_frame()},
            first_id=event_ids.min() or 0,
            last_id=event_ids.max() or 0,
        )
    return ConditionContext.validate(contexts, cast=True)


def apply_decisions(
    store: StoreFile, decisions: dy.DataFrame[RoutingDecision], *, queue: Queue, cell_id: int, now: datetime
) -> pl.DataFrame:
    """Writes the decisions whose event has not changed since, with the deliveries they need.

    Each slice of decisions is a transaction: a crash between two leaves the events of the others pending, for the next
    run. Samples the queues with the last.

    Returns:
        The decisions applied.
    """
    ordered = decisions.sort("event_id")
    applied: list[pl.DataFrame] = []
    for start in range(0, max(decisions.height, 1), SLICE_ROWS):
        part = ordered.slice(start, SLICE_ROWS)
        with writing(store, purpose=f"routing {queue} events") as session:
            if part.height:
                applied.append(_apply_slice(session, part, queue=queue, cell_id=cell_id, now=now))
            if start + SLICE_ROWS >= decisions.height:
                sample_queues(session, now=now)
    return pl.concat(applied) if applied else decisions.clear()


def _apply_slice(
    session: Session, decisions: pl.DataFrame, *, queue: Queue, cell_id: int, now: datetime
) -> pl.DataFrame:
    ids = {"first_id": decisions["event_id"].min(), "last_id": decisions["event_id"].max()}
    unchanged = session.frame("route_events/select_unchanged", {"decision": decisions}, **ids).with_columns(
        pl.lit(queue).alias("queue")
    )
    deliveries = _deliveries(session, unchanged, cell_id=cell_id, now=now)
    attached = unchanged.join(deliveries, on=DELIVERY_KEY, how="left", maintain_order="left")
    session.change("route_events/apply_decisions", {"decision": attached}, now=now, **ids)
    return unchanged.select(decisions.columns)


def _deliveries(session: Session, decisions: pl.DataFrame, *, cell_id: int, now: datetime) -> pl.DataFrame:
    """The deliveries of this month that the decisions need; missing ones are made."""
    month = now.date().replace(day=1)
    wanted = decisions.filter(pl.col("template_id").is_not_null()).select(DELIVERY_KEY).unique().sort(DELIVERY_KEY)
    known = session.frame("route_events/select_deliveries", month=month)
    missing = wanted.join(known, on=DELIVERY_KEY, how="anti")
    if missing.is_empty():
        return known
    templates = session.frame("route_events/select_winning_templates", {"winning": missing.drop("queue").unique()})
    opened = missing.sort(DELIVERY_KEY).with_columns(
        take_ids(session, "delivery", missing.height, cell_id=cell_id).alias("delivery_id")
    )
    described = opened.join(templates, on=["template_id", "template_version"])
    session.change("route_events/insert_deliveries", {"opened": described}, month=month, now=now)
    return pl.concat([known, opened.select(known.columns)], how="vertical_relaxed")
