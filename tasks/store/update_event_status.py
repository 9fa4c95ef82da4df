"""The status join in the store: what is new in the logs, and the one transaction that applies it."""

from dataclasses import dataclass
from datetime import datetime

import dataframely as dy
import polars as pl

from tasks.contracts.update_event_status import HandedOverEvent, LogOutcome, StatusChange
from tasks.contracts.vocabulary import CELL_SIZE
from tasks.store.connection import Session, StoreFile, reading, writing
from tasks.store.local_ids import take_ids
from tasks.store.queue_samples import sample_queues

_OPEN_ROWS = {
    "log_key": pl.String, "event_id": pl.Int64, "delivery_id": pl.Int64, "status": pl.String,
    "purged_event_id": pl.Int64, "change_seq": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True)
class OpenLogs:
    """What has not had its effect on statuses yet."""

    rows: pl.DataFrame
    """`log_key`, `event_id`, `delivery_id`, `status` of the event; null where it is not known or still pending.

    `purged_event_id`: the event was here and was purged, so the row has nothing left to do.
    """
    events: dy.DataFrame[HandedOverEvent]
    outcomes: dy.DataFrame[LogOutcome]
    """All log rows of these events, old and new."""


@dataclass(frozen=True)
class Applied:
    """What a transaction changed."""

    log_rows: int
    changes: pl.DataFrame


@dataclass(frozen=True)
class Parked:
    """Log rows that wait for their event."""

    rows: int
    overdue: int


def open_logs(store: StoreFile) -> OpenLogs:
    """Reads the log rows not applied yet, their events, and all that logs say of these."""
    with reading(store) as session:
        rows = session.frame("update_event_status/select_open_rows")
        affected = rows.select("event_id").drop_nulls().unique()
        frames = {"affected": affected, "open_row": rows.select("log_key", "event_id")}
        outcomes = session.frame("update_event_status/select_outcomes", frames)
        events = session.frame("update_event_status/select_events", {"affected": affected}, **_range(affected))
    return OpenLogs(rows, HandedOverEvent.validate(events, cast=True), LogOutcome.validate(outcomes, cast=True))


def all_logs(store: StoreFile, event_ids: pl.Series) -> OpenLogs:
    """All that logs say of events, also what had its effect; no row of them is open."""
    affected = event_ids.rename("event_id").to_frame()
    rows = pl.DataFrame(schema=_OPEN_ROWS)
    frames = {"affected": affected, "open_row": rows.select("log_key", "event_id")}
    with reading(store) as session:
        outcomes = session.frame("update_event_status/select_outcomes", frames)
        events = session.frame("update_event_status/select_events", {"affected": affected}, **_range(affected))
    return OpenLogs(rows, HandedOverEvent.validate(events, cast=True), LogOutcome.validate(outcomes, cast=True))


def apply_status_changes(
    store: StoreFile, logs: OpenLogs, changes: dy.DataFrame[StatusChange], *, now: datetime
) -> Applied:
    """Writes the changes and marks the log rows that caused them, in one transaction.

    Events whose status changed since they were read are left to the next run, with their log rows. Rows of purged
    events are marked without an effect: kept, and no longer waiting.
    """
    known = logs.rows.drop_nulls("event_id")
    late = logs.rows.drop_nulls("purged_event_id").with_columns(event_id="purged_event_id")
    with writing(store, purpose="updating statuses") as session:
        first_seq = session.value("store_facts/last_change_seq")
        moved = _moved(session, logs.events)
        still = changes.join(moved, on="event_id", how="anti").sort("event_id")
        applied = known.join(moved, on="event_id", how="anti")
        done = pl.concat([applied, late]).sort("change_seq")
        if still.height:
            session.change("update_event_status/apply_changes", {"change": still}, **_range(still))
        if done.height:
            _mark_applied(session, done)
        if applied.height:
            _quarantine(session, applied)
            _track(session, applied, first_seq)
        session.change("update_event_status/move_watermark", last_seq=logs.rows["change_seq"].max() or 0)
        sample_queues(session, now=now)
    return Applied(applied.height, still)


def count_parked(store: StoreFile, *, received_before: datetime) -> Parked:
    """How many log rows wait for their event, and how many of them came before an instant (UTC)."""
    with reading(store) as session:
        ((rows, overdue),) = session.rows("update_event_status/count_parked", received_before=received_before)
    return Parked(rows, overdue)


def _moved(session: Session, events: dy.DataFrame[HandedOverEvent]) -> pl.DataFrame:
    asked = {"affected": events.select("event_id", "status")}
    return session.frame("update_event_status/select_moved", asked, **_range(events))


def _mark_applied(session: Session, applied: pl.DataFrame) -> None:
    session.change(
        "update_event_status/mark_applied",
        {"applied_row": applied},
        first_seq=applied["change_seq"].min(),
        last_seq=applied["change_seq"].max(),
    )


def _quarantine(session: Session, applied: pl.DataFrame) -> None:
    told = session.frame("update_event_status/select_quarantine", {"applied_row": applied.select("log_key")})
    if told.height:
        session.change("update_event_status/renew_quarantine", {"told": told})
        session.change("update_event_status/insert_quarantine", {"told": told})


def _track(session: Session, applied: pl.DataFrame, first_seq: int) -> None:
    rows = {"applied_row": applied.select("log_key")}
    urls = session.frame("update_event_status/select_new_urls", rows, first_seq=first_seq)
    if urls.height:
        cell_id = int(applied["event_id"][0]) // CELL_SIZE
        ids = take_ids(session, "tracking_url", urls.height, cell_id=cell_id)
        session.change("update_event_status/insert_urls", {"new_url": urls.with_columns(ids.alias("url_id"))})
    session.change("update_event_status/insert_tracking", rows, first_seq=first_seq)


def _range(events: pl.DataFrame) -> dict[str, int]:
    """The id range of events: with it, DuckDB skips the parts of a table that cannot hold them."""
    ids = events["event_id"]
    first, last = ids.min(), ids.max()
    return {"first_id": int(first or 0), "last_id": int(last or 0)}  # type: ignore[arg-type]  # ids are integers
