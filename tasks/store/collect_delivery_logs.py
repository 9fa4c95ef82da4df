"""Delivery logs in the store: fields out of JSON, and the one transaction that takes a log in."""

from dataclasses import dataclass
from datetime import datetime

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import DeliveryLogRow, LogFields, StatusRule
from tasks.contracts.ingest_events import ReceivedRow, RejectedRow
from tasks.store.connection import Session, StoreFile, computing, writing
from tasks.store.ingested_files import FileCounts, InputFile, in_ledger, insert_file


@dataclass(frozen=True)
class LogCounts:
    """What became of the rows of a log: rows = stored + duplicates + rejected; the parked are among the stored."""

    rows: int
    stored: int
    duplicates: int
    rejected: int
    parked: int


def extract_log_fields(rows: dy.DataFrame[ReceivedRow]) -> dy.DataFrame[LogFields]:
    """Reads the canonical fields out of the rows' JSON documents."""
    with computing() as session:
        fields = session.frame("collect_delivery_logs/extract_log_fields", {"received_row": rows})
    return LogFields.validate(fields, cast=True)


def take_in_log(
    store: StoreFile,
    file: InputFile,
    rows: dy.DataFrame[DeliveryLogRow],
    rejected: dy.DataFrame[RejectedRow],
    rules: dy.DataFrame[StatusRule],
    *,
    received_at: datetime,
) -> LogCounts | None:
    """Stores a delivery log whole: its new rows, its rejected rows and its ledger row, in one transaction.

    Returns:
        The counts, or None where a file of this content was in the store already.
    """
    with writing(store, purpose=f"collecting {file.source_file}") as session:
        if in_ledger(session, file.content_hash, file.content):
            return None
        new_rows = insert_log_rows(session, rows, rules, now=received_at)
        counts = FileCounts(
            rows=file.rows,
            accepted=new_rows.height,
            duplicates=file.rows - new_rows.height - rejected.height,
            rejected=rejected.height,
        )
        session.change(
            "collect_delivery_logs/insert_rejected",
            {"rejected": rejected},
            source_file=file.source_file,
            content_hash=file.content_hash,
            received_at=received_at,
        )
        insert_file(session, file, counts, ingested_at=received_at)
        parked = new_rows.height - int(new_rows["event_known"].sum())
        return LogCounts(file.rows, counts.accepted, counts.duplicates, counts.rejected, parked)


def insert_log_rows(
    session: Session, rows: dy.DataFrame[DeliveryLogRow], rules: dy.DataFrame[StatusRule], *, now: datetime
) -> pl.DataFrame:
    """Stores the rows that are not stored yet, and the texts they bring.

    Returns:
        The new rows, with `event_known`.
    """
    ranked = rows.with_columns(pl.col("kind").cast(pl.String)).join(
        rules.select(pl.col("kind").cast(pl.String), "rank"), on="kind", how="left", maintain_order="left"
    )
    new_rows = session.frame(
        "collect_delivery_logs/select_new_rows",
        {"received": ranked},
        first_at=rows["logged_at"].min(),
        last_at=rows["logged_at"].max(),
    )
    session.change("collect_delivery_logs/insert_rows", {"new_row": new_rows}, now=now)
    session.change("collect_delivery_logs/insert_messages", {"new_row": new_rows})
    return new_rows
