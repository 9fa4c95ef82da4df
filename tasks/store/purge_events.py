"""What an execution account may lose, chosen in one transaction and deleted in another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from tasks.contracts.purge_events import FINAL_STATUSES, Chunk, PurgedTable
from tasks.store.connection import Session, StoreFile, reading, writing
from tasks.store.purged_rows import PurgeScope, filled, found, purge_rows
from tasks.store.statements import quoted

ALL_ROWS = 2**62


@dataclass(frozen=True)
class AccountPurge:
    """Rows of a table of an account that have had their time."""

    table: PurgedTable
    columns: Mapping[str, str]
    """Name and archived type of the columns that account and archive have."""
    before: datetime
    """Rows with news since then stay."""
    archived_upto: int
    """Rows changed after it stay: the archive does not have them as they are."""

    @property
    def scope(self) -> PurgeScope:
        """For the proof."""
        return PurgeScope(self.table.table, self.columns)


NOTHING = pl.DataFrame(schema={"change_seq": pl.Int64, "event_id": pl.Int64})


def chunks(store: StoreFile, purge: AccountPurge, /, *, chunk_rows: int) -> Iterator[Chunk]:
    """The rows that may go, so many at a time: each is read when it is asked for."""
    after = 0
    while after < purge.archived_upto:
        with reading(store) as session:
            rows = _may_go(session, purge, after=after, upto=purge.archived_upto, most=chunk_rows)
        if rows.is_empty():
            return
        chunk = chunk_of(rows, after)
        yield chunk
        after = chunk.upto


def chunk_of(rows: pl.DataFrame, after: int) -> Chunk:
    """The chunk that rows sorted by `change_seq` make."""
    return Chunk(after, int(rows["change_seq"][-1]), rows.height, tuple(rows["day"].unique().sort().to_list()))


def purge_chunk(store: StoreFile, purge: AccountPurge, chunk: Chunk, /, *, now: datetime) -> dict[str, int]:
    """Deletes what of a chunk may still go, in one transaction; returns the rows that went, by table.

    The question is asked again inside, over the chunk's range alone: a row that changed since it was chosen, or whose
    event is spoken of by a log that came since, stays.
    """
    name = purge.table.table.name
    with writing(store, purpose=f"purging table {name}") as session:
        chosen = _may_go(session, purge, after=chunk.after, upto=chunk.upto, most=ALL_ROWS)
        gone = {name: purge_rows(session, purge.scope, chosen, now=now)}
        if name == "event" and not chosen.is_empty():
            ids = chosen.select("event_id").sort("event_id")
            between = {"first_id": ids["event_id"].min(), "last_id": ids["event_id"].max()}
            gone["hand_over"] = session.change("purge_events/delete_hand_over", {"chosen": ids}, **between)
            gone["delivery_batch"] = session.change("purge_events/delete_batches", before=purge.before)
    return gone


def would_go(session: Session, purge: AccountPurge, going: pl.DataFrame, /) -> pl.DataFrame:
    """All rows of a table that may go, in a store where the events `going` count as gone: `change_seq`, `event_id`."""
    return _may_go(session, purge, after=0, upto=purge.archived_upto, most=ALL_ROWS, going=going)


def claims_that_would_go(session: Session, purge: AccountPurge, going: pl.DataFrame, /) -> dict[str, int]:
    """How many claims and batches would go with events."""
    ids = {"going": going.select("event_id")}
    ((claims, batches),) = session.rows("purge_events/count_claims", ids, before=purge.before)
    return {"hand_over": claims, "delivery_batch": batches if going.height else 0}


def _may_go(
    session: Session, purge: AccountPurge, *, after: int, upto: int, most: int, going: pl.DataFrame = NOTHING
) -> pl.DataFrame:
    name = purge.table.table.name
    own = name if name in {"event", "delivery_log"} else "aged"
    values: dict[str, Any] = {"after": after, "upto": upto, "before": purge.before, "most": most}
    if name == "event":
        values["final_statuses"] = list(FINAL_STATUSES)
    query = filled(f"purge_events/{own}", purge.scope, since=latest_of(purge.table.since))
    return found(session, query, {"going": going}, **values)


def latest_of(instants: tuple[str, ...], of: str = "") -> str:
    """The latest instant of a row; those it lacks do not count."""
    named = [f"{of}{quoted(instant)}" for instant in instants]
    return named[0] if len(named) == 1 else f"greatest({', '.join(named)})"
