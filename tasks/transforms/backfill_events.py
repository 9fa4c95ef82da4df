"""How a backfill is cut into partitions, and what it changed."""

from collections.abc import Sequence
from datetime import timedelta

import dataframely as dy
import polars as pl

from tasks.contracts.backfill_events import PARTITION_EVENTS, EventDay, EventPeriod, ScopedEvent, StatusDiff

MOVE = ["status_before", "status_after", "reason"]


def partitions(days: dy.DataFrame[EventDay], /, *, most: int = PARTITION_EVENTS) -> dy.DataFrame[EventPeriod]:
    """A partition for each month; several, cut between days, where a month has more than `most` events."""
    month = pl.col("day").dt.truncate("1mo")
    before = pl.col("events").cum_sum().over(month) - pl.col("events")
    parts = (
        days.sort("day")
        .group_by(month.alias("month"), (before // most).alias("part"), maintain_order=True)
        .agg(
            from_at=pl.col("day").min(),
            to_at=pl.col("day").max() + timedelta(days=1),
            events=pl.col("events").sum(),
        )
    )
    return EventPeriod.validate(parts.select(EventPeriod.column_names()), cast=True)


def status_diff(before: dy.DataFrame[ScopedEvent], after: dy.DataFrame[ScopedEvent], /) -> dy.DataFrame[StatusDiff]:
    """How many events went from which status to which."""
    joined = after.join(before.select("event_id", status_before="status"), on="event_id", how="left")
    moves = joined.rename({"status": "status_after"}).group_by(MOVE).agg(events=pl.len().cast(pl.Int64))
    return StatusDiff.validate(moves.sort(MOVE, nulls_last=False), cast=True)


def sum_of(diffs: Sequence[pl.DataFrame], /) -> dy.DataFrame[StatusDiff]:
    """The same of several partitions together."""
    moves = pl.concat([StatusDiff.create_empty(), *diffs]).group_by(MOVE).agg(pl.col("events").sum())
    return StatusDiff.validate(moves.sort(MOVE, nulls_last=False), cast=True)
