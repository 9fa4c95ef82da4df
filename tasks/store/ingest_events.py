"""Ingestion in the store: fields out of JSON, keys of content, and the one transaction that takes a file in."""

import json
from datetime import datetime

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import AcceptedEvent, CandidateEvent, EventFields, ReceivedRow, RejectedRow
from tasks.contracts.vocabulary import CTX_MAX_DEPTH, ENVELOPE_FIELDS, EVENT_FIELDS
from tasks.store.connection import Session, StoreFile, computing, writing
from tasks.store.ingested_files import FileCounts, InputFile, in_ledger, insert_file
from tasks.store.json_depth import deeper_than
from tasks.store.json_leaves import leaves
from tasks.store.local_ids import take_ids

_CONTENT = (
    "line", "event_type", "channel", "email", "mobile_phone", "registration_token", "language", "country",
    "external_id", "origin", "created_at", "scheduled_at", "expires_at", "ctx",
)  # fmt: skip


def extract_event_fields(rows: dy.DataFrame[ReceivedRow]) -> dy.DataFrame[EventFields]:
    """Reads the fields out of the rows' JSON documents, CloudEvents unwrapped, unknown fields folded into `ctx`."""
    with computing() as session:
        fields = session.frame(
            "ingest_events/extract_event_fields",
            {"received_row": rows},
            event_fields=_nulls(EVENT_FIELDS),
            envelope_fields=_nulls(ENVELOPE_FIELDS),
        )
    deep = deeper_than(CTX_MAX_DEPTH, fields["ctx"])
    problem = pl.when(deep).then(pl.lit(f"ctx nests more than {CTX_MAX_DEPTH} levels deep")).otherwise("problem")
    return EventFields.validate(fields.with_columns(problem=problem), cast=True)


def content_keys(events: dy.DataFrame[CandidateEvent]) -> pl.DataFrame:
    """`line` and `content_key` (32 hex digits) of the events that have no key of their own."""
    keyless = events.filter(pl.col("event_key").is_null()).select(_CONTENT)
    keyless = keyless.with_columns(leaves=pl.Series([leaves(ctx) for ctx in keyless["ctx"]], dtype=pl.String))
    with computing() as session:
        return session.frame("ingest_events/content_key", {"event": keyless})


def take_in(
    store: StoreFile,
    file: InputFile,
    events: dy.DataFrame[AcceptedEvent],
    rejected: dy.DataFrame[RejectedRow],
    *,
    cell_id: int,
    received_at: datetime,
) -> FileCounts | None:
    """Stores a file whole: its new events as `pending`, its rejected rows and its ledger row, in one transaction.

    Args:
        store: The account's store.
        file: The file.
        events: Its events, one per key.
        rejected: Its rows that are no events.
        cell_id: The account's cell; ids are `cell_id * 2^56` and up.
        received_at: The clock of the run.

    Returns:
        The counts, or None where a file of this content was in the store already.
    """
    with writing(store, purpose=f"ingesting {file.source_file}") as session:
        if in_ledger(session, file.content_hash, file.content):
            return None
        fresh = _with_ids(session, _unknown(session, events), cell_id)
        counts = FileCounts(
            rows=file.rows,
            accepted=fresh.height,
            duplicates=file.rows - fresh.height - rejected.height,
            rejected=rejected.height,
        )
        received = {"received_at": received_at}
        origin = {"source_file": file.source_file, "queue": file.queue}
        session.change("ingest_events/insert_events", {"fresh": fresh}, **received, **origin)
        session.change("ingest_events/insert_keys", {"fresh": fresh.select("event_key", "event_id")}, **received)
        session.change(
            "ingest_events/insert_rejected",
            {"rejected": rejected},
            content_hash=file.content_hash,
            **received,
            **origin,
        )
        insert_file(session, file, counts, ingested_at=received_at)
        session.change("ingest_events/hold_doubtful", {"fresh": fresh}, content_hash=file.content_hash)
        return counts


def _unknown(session: Session, events: dy.DataFrame[AcceptedEvent]) -> pl.DataFrame:
    known = session.frame("ingest_events/select_known_keys", {"event": events.select("event_key")})
    return events.join(known, on="event_key", how="anti", maintain_order="left")


def _with_ids(session: Session, events: pl.DataFrame, cell_id: int) -> pl.DataFrame:
    """New ids; the old ones for events that were handed over before the store was restored."""
    old = session.frame("ingest_events/select_ids_handed_over", {"event": events.select("event_key")})
    if old.is_empty():
        return events.with_columns(take_ids(session, "event", events.height, cell_id=cell_id).alias("event_id"))
    known = events.join(old, on="event_key", maintain_order="left")
    others = events.join(old, on="event_key", how="anti", maintain_order="left")
    ids = take_ids(session, "event", others.height, cell_id=cell_id)
    return pl.concat([known, others.with_columns(ids.alias("event_id"))])


def _nulls(names: tuple[str, ...]) -> str:
    """A merge patch that removes these fields (RFC 7396: null removes)."""
    return json.dumps(dict.fromkeys(names))
