"""Measures of an account's health, and what its thresholds make of them."""

from datetime import datetime, timedelta

import dataframely as dy
import polars as pl

from tasks.contracts.health import HEALTH_STATUSES, ArchiveFacts, Indicator, Limit, Measure, QueueFacts
from tasks.contracts.thresholds import AVERAGED, INDICATORS, Threshold, Thresholds


def limits(thresholds: Thresholds, /) -> dy.DataFrame[Limit]:
    """The thresholds as rows."""
    given = [(name, getattr(thresholds, name)) for name in INDICATORS]
    rows = [{"indicator": name, **(one.model_dump() if isinstance(one, Threshold) else {})} for name, one in given]
    return Limit.validate(pl.DataFrame(rows, schema=Limit.create_empty().schema))


def queue_measures(
    facts: dy.DataFrame[QueueFacts], thresholds: Thresholds, /, *, window: timedelta
) -> dy.DataFrame[Measure]:
    """The measures of a queue's facts.

    Averages and rates over fewer than `min_events` events are not judged. Nor is throughput where less came in, and
    waits, than its threshold asks for: nobody can send what nobody gave.
    """
    hours = window / timedelta(hours=1)
    asked = thresholds.outgoing_per_hour.warning if thresholds.outgoing_per_hour else 0.0
    derived = facts.with_columns(
        error_rate_percent=pl.when(pl.col("came_in") > 0).then(100 * pl.col("failed") / pl.col("came_in")),
        outgoing_per_hour=pl.col("went_out") / hours,
    )
    few_in, few_out = (pl.col(name) < thresholds.min_events for name in ("came_in", "went_out"))
    counted = facts.select(
        error_rate_percent=~few_in,
        outgoing_per_hour=(pl.col("came_in") + pl.col("due")) / hours >= asked,
        **{name: ~few_out for name in AVERAGED if name != "error_rate_percent"},
    )
    measured = [name for name in INDICATORS if name in derived.columns]
    values = derived.select(pl.col(measured).cast(pl.Float64)).unpivot(variable_name="indicator")
    judged = counted.unpivot(variable_name="indicator", value_name="judged")
    measures = values.join(judged, on="indicator", how="left")
    return Measure.validate(measures.with_columns(pl.col("judged").fill_null(value=True)))


def archive_measures(
    facts: dy.DataFrame[QueueFacts],
    archived: dy.DataFrame[ArchiveFacts],
    /,
    *,
    archive_every: timedelta,
    now: datetime,
) -> dy.DataFrame[Measure]:
    """How late the archive is, in archiving intervals, and how many days differ. Nothing new to archive is never late.

    Args:
        facts: Of the account's store.
        archived: The account's row, or none where it was never archived.
        archive_every: The account's archiving interval.
        now: The clock of the run.
    """
    both = (
        facts.select("last_change_seq", "first_received_at").join(archived, how="cross")
        if archived.height
        else (
            facts.select(
                "last_change_seq", pl.col("first_received_at").alias("archived_at"), change_seq=0, different_days=0
            )
        )
    )
    age = (pl.lit(now) - pl.col("archived_at")).dt.total_microseconds() / (archive_every / timedelta(microseconds=1))
    is_behind = (pl.col("last_change_seq") > pl.col("change_seq")) & (age > 0)
    measured = both.select(
        archive_periods=pl.when(is_behind).then(age).otherwise(0.0),
        different_days=pl.col("different_days").cast(pl.Float64),
    )
    return Measure.validate(measured.unpivot(variable_name="indicator").with_columns(judged=pl.lit(value=True)))


def judge(measures: dy.DataFrame[Measure], limits: dy.DataFrame[Limit], /) -> dy.DataFrame[Indicator]:
    """Each measure with its limits and its status, in the order of the limits."""
    value, judged = pl.col("value"), pl.col("judged")
    higher = pl.col("worse") == "higher"

    def reached(limit: str) -> pl.Expr:
        return judged & pl.when(higher).then(value >= pl.col(limit)).otherwise(value <= pl.col(limit)).fill_null(
            value=False
        )

    status = pl.when(reached("alert")).then(pl.lit("alert")).when(reached("warning")).then(pl.lit("warning"))
    joined = limits.join(measures, on="indicator", maintain_order="left")
    return Indicator.validate(
        joined.select(
            "indicator",
            "value",
            "warning",
            "alert",
            pl.col("worse").alias("direction"),
            status.otherwise(pl.lit("ok")).cast(pl.Enum(HEALTH_STATUSES)).alias("status"),
            "judged",
        )
    )
