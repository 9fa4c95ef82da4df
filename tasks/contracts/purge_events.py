"""What is purged, and when: retention counts from the latest of a row's instants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from tasks.contracts.accounts import Retention
from tasks.contracts.archive_events import ARCHIVED_TABLES, ArchivedTable
from tasks.contracts.vocabulary import STATUSES, Status

FINAL_STATUSES: Final[tuple[Status, ...]] = tuple(one for one in STATUSES if one not in {"pending", "pending_delivery"})
"""Statuses after which only a late delivery log can change an event."""

_ARCHIVED: Final = {table.name: table for table in ARCHIVED_TABLES}


@dataclass(frozen=True)
class PurgedTable:
    """A table that ages, in an execution account and in the archive."""

    table: ArchivedTable
    since: tuple[str, ...]
    """Instants of a row: its retention counts from the latest of them that it has.

    The product purges by age and prints no predicate. Of when an event came and when its status was last decided, the
    later one is safer: a late bounce that rescued an event from the purge is kept for as long as any other news. A log
    row that came late counts from its coming.
    """
    days: Callable[[Retention], int]
    """How long an execution account keeps a row."""
    archived_days: Callable[[Retention], int]
    """How long the archive keeps it."""


PURGED_TABLES: Final = (
    PurgedTable(
        _ARCHIVED["event"],
        since=("received_at", "processed_at"),
        days=lambda kept: kept.event_days,
        archived_days=lambda kept: kept.archived_event_days,
    ),
    PurgedTable(
        _ARCHIVED["delivery_log"],
        since=("logged_at", "received_at"),
        days=lambda kept: kept.delivery_log_days,
        archived_days=lambda kept: kept.delivery_log_days,
    ),
    PurgedTable(
        _ARCHIVED["tracking_log"],
        since=("logged_at",),
        days=lambda kept: kept.tracking_log_days,
        archived_days=lambda kept: kept.tracking_log_days,
    ),
    PurgedTable(
        _ARCHIVED["queue_sample"],
        since=("sampled_at",),
        days=lambda kept: kept.statistics_days,
        archived_days=lambda kept: kept.statistics_days,
    ),
)
"""Every table that is purged; events first, for their delivery logs stay as long as they do."""


@dataclass(frozen=True)
class Chunk:
    """Rows to purge in one transaction: those that may go, of a range of change sequences."""

    after: int
    upto: int
    rows: int
    days: tuple[date, ...]
    """The days (UTC) under which these rows are proved."""


@dataclass(frozen=True)
class PurgedRows:
    """What went, or would go: rows by table."""

    account: Mapping[str, int]
    archive: Mapping[str, int]
