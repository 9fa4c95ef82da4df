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
    schema = {"indicator": pl.String, "warning": pl.Float64, "alert": pl.Float64, "worse": pl.String}
    return Limit.validate(pl.DataFrame(rows, schema=schema))


def queue_measures(
    facts: dy.DataFrame[QueueFacts], thresholds: Thresholds, /, *, window: timedelta
) -> dy.DataFrame[Measure]:
    """The measures of a queue's facts.

    Averages and rates over fewer than `min_events` events are not judged. Nor is throughput unless more could have gone
    out than its warning asks for: nobody can send what nobody gave.
    """
    hours = window / timedelta(hours=1)
    asked = thresholds.outgoing_per_hour.warning if thresholds.outgoing_per_hour else 0.0
    values = facts.with_columns(
        error_rate_percent=pl.when(pl.col("came_in") > 0).then(100 * pl.col("failed") / pl.col("came_in")),
        outgoing_per_hour=pl.col("went_out") / hours,
    )
    sendable = pl.col("came_in") - pl.col("failed") + pl.col("left_over")
    enough_in, enough_out = (pl.col(name) >= thresholds.min_events for name in ("came_in", "went_out"))
    judged = facts.select(
        error_rate_percent=enough_in,
        outgoing_per_hour=sendable / hours > asked,
        **{name: enough_out for name in AVERAGED if name != "error_rate_percent"},
    )
    measured = [name for name in INDICATORS if name in values.columns]
    return _measures(values.select(measured), judged)


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
    never = facts.select(pl.col("first_received_at").alias("archived_at"), change_seq=0, different_days=0)
    last = archived if archived.height else never
    age = (pl.lit(now) - pl.col("archived_at")).dt.total_microseconds() / (archive_every / timedelta(microseconds=1))
    is_behind = (pl.col("last_change_seq") > pl.col("change_seq")) & (age > 0)
    values = facts.select("last_change_seq").join(last, how="cross").select(
        "different_days", archive_periods=pl.when(is_behind).then(age).otherwise(0.0)
    )  # fmt: skip
    return _measures(values, None)


def judge(measures: dy.DataFrame[Measure], limits: dy.DataFrame[Limit], /) -> dy.DataFrame[Indicator]:
    """Each limit with its measure and its status. A value at a limit has reached it; what is not measured is ok."""
    value, judged = pl.col("value"), pl.col("judged").fill_null(value=False)
    higher = pl.col("worse") == "higher"

    def reached(limit: str) -> pl.Expr:
        is_beyond = pl.when(higher).then(value >= pl.col(limit)).otherwise(value <= pl.col(limit))
        return judged & is_beyond.fill_null(value=False)

    status = pl.when(reached("alert")).then(pl.lit("alert")).when(reached("warning")).then(pl.lit("warning"))
    joined = limits.join(measures, on="indicator", how="left", maintain_order="left")
    return Indicator.validate(
        joined.select(
            "indicator",
            "value",
            "warning",
            "alert",
            pl.col("worse").alias("direction"),
            status.otherwise(pl.lit("ok")).cast(pl.Enum(HEALTH_STATUSES)).alias("status"),
            judged.alias("judged"),
        )
    )


def _measures(values: pl.DataFrame, judged: pl.DataFrame | None) -> dy.DataFrame[Measure]:
    """One row of values, and which of them rest on enough, turned into rows; the others do."""
    rows = values.cast(pl.Float64).unpivot(variable_name="indicator")
    if judged is None:
        return Measure.validate(rows.with_columns(judged=pl.lit(value=True)))
    rest = judged.unpivot(variable_name="indicator", value_name="judged")
    joined = rows.join(rest, on="indicator", how="left")
    return Measure.validate(joined.with_columns(pl.col("judged").fill_null(value=True)))
