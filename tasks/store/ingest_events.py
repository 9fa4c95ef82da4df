"""Ingestion in the store: fields out of JSON, keys of content, and the one transaction that takes a file in."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import CandidateEvent, EventFields, FiledEvent, FiledRejection, GivenId, ReceivedRow
from tasks.contracts.vocabulary import CELL_SIZE, CTX_MAX_DEPTH, ENVELOPE_FIELDS, EVENT_FIELDS
from tasks.store.connection import Session, StoreFile, computing, writing
from tasks.store.ingested_files import FileCounts, InputFile, insert_files, known_files
from tasks.store.json_depth import deeper_than
from tasks.store.json_leaves import leaves
from tasks.store.local_ids import take_ids
from tasks.store.plain_documents import plain_fields

FEW_ROWS: Final = 1_000
"""For so few it takes an engine longer to plan its work than Python to do it."""
_CONTENT = (
    "line", "event_type", "channel", "email", "mobile_phone", "registration_token", "language", "country",
    "external_id", "origin", "created_at", "scheduled_at", "expires_at", "ctx",
)  # fmt: skip


def extract_event_fields(rows: dy.DataFrame[ReceivedRow]) -> dy.DataFrame[EventFields]:
    """Reads the fields out of the rows' JSON documents, CloudEvents unwrapped, unknown fields folded into `ctx`."""
    if rows.height > FEW_ROWS:
        return _extracted(rows)
    plain = plain_fields(rows)
    others = rows.join(plain, on="line", how="anti", maintain_order="left")
    if others.is_empty():
        return plain
    return EventFields.validate(pl.concat([plain, _extracted(ReceivedRow.validate(others))]).sort("line"))


def _extracted(rows: dy.DataFrame[ReceivedRow]) -> dy.DataFrame[EventFields]:
    statement, given = "ingest_events/extract_event_fields", {"received_row": rows}
    known = {"event_fields": _nulls(EVENT_FIELDS), "envelope_fields": _nulls(ENVELOPE_FIELDS)}
    with computing() as session:
        fields = session.frame(statement, given, **known)
    deep = deeper_than(CTX_MAX_DEPTH, fields["ctx"])
    problem = pl.when(deep).then(pl.lit(f"ctx nests more than {CTX_MAX_DEPTH} levels deep")).otherwise("problem")
    return EventFields.validate(fields.with_columns(problem=problem), cast=True)


def content_keys(events: dy.DataFrame[CandidateEvent]) -> pl.DataFrame:
    """`line` and `content_key` (32 hex digits) of the events that have no key of their own."""
    keyless = events.filter(pl.col("event_key").is_null()).select(_CONTENT)
    if keyless.is_empty():
        return pl.DataFrame(schema={"line": pl.Int64, "content_key": pl.String})
    keyless = keyless.with_columns(leaves=pl.Series([leaves(ctx) for ctx in keyless["ctx"]], dtype=pl.String))
    with computing() as session:
        return session.frame("ingest_events/content_key", {"event": keyless})


def take_in(
    store: StoreFile,
    files: Sequence[InputFile],
    events: dy.DataFrame[FiledEvent],
    rejected: dy.DataFrame[FiledRejection],
    given: dy.DataFrame[GivenId],
    *,
    cell_id: int,
    received_at: datetime,
) -> list[FileCounts | None]:
    """Stores files whole: their new events as `pending`, their rejected rows and ledger rows, in one transaction.

    Args:
        store: The account's store.
        files: The files, each content once.
        events: Their events, one per key.
        rejected: Their rows that are no events.
        given: The ids of events that were given out before; those of copies stand for the event that there is.
        cell_id: The account's cell; ids are `cell_id * 2^56` and up.
        received_at: The clock of the run.

    Returns:
        The counts of each file, or None where its content was in the store already.
    """
    what = files[0].source_file if len(files) == 1 else f"{len(files)} files"
    described = _described(files)
    of_files, of_rejected = (rows.join(described, on="file", maintain_order="left") for rows in (events, rejected))
    with writing(store, purpose=f"ingesting {what}") as session:
        known = known_files(session, [file.content_hash for file in files], "event")
        if len(known) == len(files):
            return [None] * len(files)
        is_new = ~pl.col("content_hash").is_in(list(known))
        fresh = _with_ids(session, _unknown(session, of_files.filter(is_new)), given, cell_id)
        set_aside = of_rejected.filter(is_new)
        of_queue = {"received_at": received_at, "queue": files[0].queue}
        session.change("ingest_events/insert_events", {"fresh": fresh}, **of_queue)
        keys = fresh.select("event_key", "event_id")
        session.change("ingest_events/insert_keys", {"fresh": keys}, received_at=received_at)
        if given.height:
            session.change("ingest_events/insert_duplicates", {"given": given}, received_at=received_at)
        session.change("ingest_events/insert_rejected", {"rejected": set_aside}, **of_queue)
        counts = [
            None if file.content_hash in known else _counts(file.rows, accepted, refused)
            for file, accepted, refused in zip(
                files, _per_file(fresh, len(files)), _per_file(set_aside, len(files)), strict=True
            )
        ]
        _enter(session, files, counts, received_at)
        session.change("ingest_events/hold_doubtful", {"fresh": fresh.select("event_id", "content_hash")})
    return counts


def _described(files: Sequence[InputFile]) -> pl.DataFrame:
    """`file`, `source_file` and `content_hash`."""
    rows = [(number, file.source_file, file.content_hash) for number, file in enumerate(files)]
    columns = {"file": pl.Int64, "source_file": pl.String, "content_hash": pl.String}
    return pl.DataFrame(rows, schema=columns, orient="row")


def _per_file(rows: pl.DataFrame, files: int) -> list[int]:
    counted = dict(rows.group_by("file").len().iter_rows())
    return [counted.get(number, 0) for number in range(files)]


def _counts(rows: int, accepted: int, rejected: int) -> FileCounts:
    return FileCounts(rows=rows, accepted=accepted, duplicates=rows - accepted - rejected, rejected=rejected)


def _enter(
    session: Session, files: Sequence[InputFile], counts: Sequence[FileCounts | None], ingested_at: datetime
) -> None:
    entered = [(file, counted) for file, counted in zip(files, counts, strict=True) if counted]
    insert_files(session, [file for file, _ in entered], [counted for _, counted in entered], ingested_at=ingested_at)


def _unknown(session: Session, events: pl.DataFrame) -> pl.DataFrame:
    known = session.frame("ingest_events/select_known_keys", {"event": events.select("event_key")})
    return events.join(known, on="event_key", how="anti", maintain_order="left")


def _with_ids(session: Session, events: pl.DataFrame, given: dy.DataFrame[GivenId], cell_id: int) -> pl.DataFrame:
    """The old id where an event was handed over before the store was restored; the one given out; else a new one."""
    old = session.frame("ingest_events/select_ids_handed_over", {"event": events.select("event_key")})
    known = pl.concat([old, _free(session, given, cell_id)]).unique("event_key", keep="first", maintain_order=True)
    if known.is_empty():
        return events.with_columns(take_ids(session, "event", events.height, cell_id=cell_id).alias("event_id"))
    with_id = events.join(known, on="event_key", maintain_order="left")
    others = events.join(known, on="event_key", how="anti", maintain_order="left")
    ids = take_ids(session, "event", others.height, cell_id=cell_id)
    return pl.concat([with_id, others.with_columns(ids.alias("event_id"))])


def _free(session: Session, given: dy.DataFrame[GivenId], cell_id: int) -> pl.DataFrame:
    """`event_key` and `event_id` of the ids that the cell did give out, and no event has."""
    if given.is_empty():
        return given.select("event_key", "event_id")
    last = cell_id * CELL_SIZE + session.value("local_ids/last", name="event")
    of_cell = given.filter(pl.col("event_id").is_between(cell_id * CELL_SIZE + 1, last)).select("event_key", "event_id")
    taken = session.frame("ingest_events/select_taken_ids", {"given": of_cell.select("event_id")})
    return of_cell.join(taken, on="event_id", how="anti", maintain_order="left")


def _nulls(names: tuple[str, ...]) -> str:
    """A merge patch that removes these fields (RFC 7396: null removes)."""
    return json.dumps(dict.fromkeys(names))
