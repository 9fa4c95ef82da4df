"""The product's reports, read from the published control data. Formulas: `migrations/control/0002_reports.sql`."""

from datetime import datetime
from pathlib import Path

import polars as pl

from tasks.store.published import reading_published


def service_level(
    path: Path, *, account: str | None = None, from_at: datetime | None = None, to_at: datetime | None = None
) -> pl.DataFrame:
    """Volumes, throughput per hour, sending time in seconds and error rate (0 to 1) per account and channel.

    Args:
        path: The published control data.
        account: One execution account; None: all.
        from_at: The period's first instant; None: from the first event on.
        to_at: The instant that ends the period; None: up to the last event.

    Raises:
        NothingPublishedError: There is no published data yet.
    """
    return _report("service_level", path, account, from_at, to_at)


def processing_time(
    path: Path, *, account: str | None = None, from_at: datetime | None = None, to_at: datetime | None = None
) -> pl.DataFrame:
    """Real-time queue: seconds queued, with the sender and in all, and events queued, per account and channel.

    Args and errors as for `service_level`.
    """
    return _report("processing_time", path, account, from_at, to_at)


def event_history(
    path: Path, *, account: str | None = None, from_at: datetime | None = None, to_at: datetime | None = None
) -> pl.DataFrame:
    """Events received and sent, and their ratio, per account, day (UTC), type and channel.

    Args and errors as for `service_level`; the period is of receipt.
    """
    return _report("event_history", path, account, from_at, to_at)


def _report(
    name: str, path: Path, account: str | None, from_at: datetime | None, to_at: datetime | None
) -> pl.DataFrame:
    with reading_published(path) as session:
        return session.frame(f"reports/{name}", account=account, from_at=from_at, to_at=to_at)
