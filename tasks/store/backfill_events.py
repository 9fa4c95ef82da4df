"""The events that a backfill works over, in the store."""

from datetime import datetime
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.backfill_events import EventDay, Partition, Scope, ScopedEvent
from tasks.store.connection import StoreFile, reading


def days_of(store: StoreFile, scope: Scope) -> dy.DataFrame[EventDay]:
    """The days on which events of a scope were created."""
    with reading(store) as session:
        days = session.frame(
            "backfill_events/select_days", _frames(scope), from_at=scope.from_at, to_at=scope.to_at, **_kind(scope)
        )
    return EventDay.validate(days, cast=True)


def events_of(store: StoreFile, scope: Scope, partition: Partition, *, now: datetime) -> dy.DataFrame[ScopedEvent]:
    """The events of a partition as they stand, by id; those of files received at `now` are new."""
    with reading(store) as session:
        events = session.frame(
            "backfill_events/select_events",
            _frames(scope),
            from_at=partition.from_at,
            to_at=partition.to_at,
            now=now,
            **_kind(scope),
        )
    return ScopedEvent.validate(events, cast=True)


def statuses_of(store: StoreFile, event_ids: pl.Series) -> dy.DataFrame[ScopedEvent]:
    """Events as they stand, by id."""
    wanted = {"wanted": event_ids.rename("event_id").to_frame()}
    first, last = event_ids.min() or 0, event_ids.max() or 0
    with reading(store) as session:
        events = session.frame("backfill_events/select_statuses", wanted, first_id=first, last_id=last)
    return ScopedEvent.validate(events, cast=True)


def _frames(scope: Scope) -> dict[str, pl.DataFrame]:
    return {
        "wanted": pl.DataFrame({"event_id": scope.event_ids}, schema={"event_id": pl.Int64}),
        "named_file": pl.DataFrame({"source_file": scope.source_files}, schema={"source_file": pl.String}),
    }


def _kind(scope: Scope) -> dict[str, Any]:
    return {"is_by_id": bool(scope.event_ids), "is_by_file": bool(scope.files)}
