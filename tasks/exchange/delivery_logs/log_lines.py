"""What the logs of mail servers share: a line a row, and times without a year or a zone."""

from datetime import UTC, datetime, timedelta

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import LogFields

_SYSLOG_TIME = r"^([A-Z][a-z]{2})\s+(\d{1,2}) (\d{2}:\d{2}:\d{2})$"


def syslog_instant(written: pl.Expr, *, received_at: datetime) -> pl.Expr:
    """ISO 8601 of a syslog time (`Feb  1 16:49:24`): UTC, in the last year in which it is not in the future.

    Any other text is left as it is; null becomes when the log was received.
    """
    latest = received_at.astimezone(UTC) + timedelta(days=1)
    day = pl.concat_str(
        written.str.extract(_SYSLOG_TIME, 1),
        written.str.extract(_SYSLOG_TIME, 2).str.zfill(2),
        written.str.extract(_SYSLOG_TIME, 3),
        separator=" ",
    )
    tried = [
        pl.concat_str(pl.lit(f"{year} "), day).str.to_datetime("%Y %b %d %H:%M:%S", strict=False)
        for year in range(latest.year, latest.year - 5, -1)  # the 29th of February is not in every year
    ]
    past = [pl.when(instant <= latest.replace(tzinfo=None)).then(instant) for instant in tried]
    read = pl.coalesce(*past).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pl.coalesce(read, written, pl.lit(received_at.isoformat()))


def as_log_fields(found: pl.DataFrame, *, provider: str) -> dy.DataFrame[LogFields]:
    """The columns of `LogFields`, those that are lacking as null."""
    known = {
        "problem": None,
        "event_id": None,
        "source_id": None,
        "provider": provider,
        "url": None,
        "user_agent": None,
    }
    return LogFields.validate(
        found.with_columns(pl.lit(value, pl.String).alias(name) for name, value in known.items()).cast(
            {"line": pl.Int64}
        ),
        cast=True,
    )
