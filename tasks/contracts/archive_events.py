"""What is archived, in which order; what is planned, read and proved of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import dataframely as dy

from tasks.contracts.frame import Frame


@dataclass(frozen=True)
class ArchivedTable:
    """How the rows of a table are told apart, found again and counted."""

    name: str
    key: tuple[str, ...]
    day: str | None
    """The instant whose day (UTC) a row is proved under; None where rows have none."""
    day_is_fixed: bool = True
    """False: a row's day may change, so all days are proved whenever a row changes."""
    ordered_by: str | None = None
    """A number or instant, fixed per key, that grows with time: only a batch's range is searched in the archive."""


ARCHIVED_TABLES: Final = (
    ArchivedTable("template", ("template_id", "version"), day="published_at", day_is_fixed=False),
    ArchivedTable("event", ("event_id",), day="received_at", ordered_by="event_id"),
    ArchivedTable("log_message", ("message_key",), day="first_logged_at", day_is_fixed=False),
    ArchivedTable("delivery_log", ("log_key",), day="logged_at", ordered_by="logged_at"),
    ArchivedTable("tracking_url", ("url_id",), day=None, day_is_fixed=False, ordered_by="url_id"),
    ArchivedTable("tracking_log", ("tracking_key",), day="logged_at", ordered_by="logged_at"),
    ArchivedTable("quarantine", ("channel", "address"), day="quarantined_at", day_is_fixed=False),
    ArchivedTable("delivery", ("delivery_id",), day="created_at", ordered_by="delivery_id"),
    ArchivedTable("queue_sample", ("sampled_at", "queue"), day="sampled_at", ordered_by="sampled_at"),
    ArchivedTable("rejected_event", ("content_hash", "line"), day="rejected_at", ordered_by="rejected_at"),
    ArchivedTable("rejected_delivery_log", ("content_hash", "line"), day="rejected_at", ordered_by="rejected_at"),
    ArchivedTable("ingested_file", ("content_hash", "content"), day="ingested_at", ordered_by="ingested_at"),
)
"""Every table that is archived, those that others refer to first (design 3.5)."""


class StoreColumn(Frame):
    """A column of a store's table."""

    table_name = dy.String(primary_key=True)
    column_name = dy.String(primary_key=True)
    data_type = dy.String()


class ArchiveState(Frame):
    """How far a table of an account is archived."""

    table_name = dy.String(primary_key=True)
    change_seq = dy.Int64()
    archived_columns = dy.List(dy.String())


class DueDay(Frame):
    """A day of a table that has rows in the archive, and no proof that held since."""

    table_name = dy.String()
    day = dy.Date(nullable=True)


class DayChecksum(Frame):
    """The rows of a table's day on one side, those that were purged from it included."""

    table_name = dy.String()
    day = dy.Date(nullable=True)  # null: the table has no instants; all of its rows
    rows = dy.Int64(min=1)
    checksum = dy.String()  # sum of the rows' hashes: whatever their order, and a row twice shows
    comparable = dy.Bool()  # false: purged rows were hashed another way; only rows can be compared


class DayProof(Frame):
    """The rows of a table's day on both sides, those that were purged included."""

    table_name = dy.String()
    day = dy.Date(nullable=True)
    source_rows = dy.Int64(min=0)
    source_checksum = dy.String()
    archived_rows = dy.Int64(min=0)
    archived_checksum = dy.String()
    equal = dy.Bool()


@dataclass(frozen=True)
class TablePlan:
    """What to read of a table: the rows changed after `after`, in the columns that both sides have."""

    table: ArchivedTable
    columns: Mapping[str, str]
    """Name and archived type of each shared column."""
    after: int
    again: bool
    """The rows up to `after` were archived without a column that both sides have now, so all are read again."""
    due: tuple[date, ...]
    """Days to prove whether or not their rows changed; only where `prove_all` is false."""
    prove_all: bool
    """All days are to be proved, whether or not a row changed."""


@dataclass(frozen=True)
class ProofScope:
    """The days of a table to be proved, in the columns that both sides have."""

    table: ArchivedTable
    columns: Mapping[str, str]
    days: tuple[date, ...] | None
    """None: all of them."""


@dataclass(frozen=True)
class Slice:
    """Rows of a table in change order, as a Parquet file: the unit in which the archive takes them in."""

    plan: TablePlan
    path: Path
    rows: int
    upto: int
    """The change sequence the table is archived up to once these rows are."""
    last: bool
    """No rows of the table come after these."""


@dataclass(frozen=True)
class Changes:
    """What an account's store held that the archive did not, at one instant, and the counts to prove it by."""

    slices: tuple[Slice, ...]
    scopes: tuple[ProofScope, ...]
    source: dy.DataFrame[DayChecksum]
    ignored_columns: Mapping[str, tuple[str, ...]]
    """Per table, columns of the source that the archive has no place for."""
