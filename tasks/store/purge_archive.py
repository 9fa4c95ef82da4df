"""What the archive may lose of an account, chosen in one transaction and deleted in another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from tasks.contracts.purge_events import Chunk, PurgedTable
from tasks.store.connection import Session, StoreFile, reading, writing
from tasks.store.purge_events import ALL_ROWS, chunk_of, latest_of
from tasks.store.purged_rows import PurgeScope, filled, found, purge_rows
from tasks.store.statements import quoted


@dataclass(frozen=True)
class ArchivePurge:
    """Rows of an account's table in the archive that have had their time."""

    account: str
    table: PurgedTable
    columns: Mapping[str, str]
    """Name and archived type of the columns that account and archive have."""
    before: datetime
    """Rows with news since then stay."""

    @property
    def scope(self) -> PurgeScope:
        """For the proof."""
        return PurgeScope(self.table.table, self.columns, self.account)


def held_keys(session: Session, purge: ArchivePurge, going: pl.DataFrame, /) -> pl.DataFrame:
    """Keys of rows as old as those to purge that the account's store holds, but for rows `going` (`change_seq`).

    By the day they are proved under, which never changes, whatever news a row has had.
    """
    table = purge.table.table
    key = ", ".join(map(quoted, table.key))
    query = filled("purge_events/held", purge.scope, key=key, instant=quoted(str(table.day)))
    return found(session, query, {"going": going}, before=purge.before)


def archived_chunks(
    control: StoreFile, purge: ArchivePurge, held: pl.DataFrame, /, *, chunk_rows: int
) -> Iterator[Chunk]:
    """The rows that may go, so many at a time: each is read when it is asked for."""
    after = 0
    while True:
        with reading(control) as session:
            rows = _may_go(session, purge, held, after=after, upto=ALL_ROWS, most=chunk_rows)
        if rows.is_empty():
            return
        chunk = chunk_of(rows, after)
        yield chunk
        after = chunk.upto


def purge_archived_chunk(
    control: StoreFile, purge: ArchivePurge, held: pl.DataFrame, chunk: Chunk, /, *, now: datetime
) -> int:
    """Deletes what of a chunk may still go, in one transaction that has its days proved again.

    Returns how many rows went.
    """
    with writing(control, purpose=f"purging the archive of {purge.account}") as session:
        chosen = _may_go(session, purge, held, after=chunk.after, upto=chunk.upto, most=ALL_ROWS)
        _mark_due(session, purge.account, purge.table.table.name, chunk.days)
        return purge_rows(session, purge.scope, chosen, now=now)


def archived_that_would_go(session: Session, purge: ArchivePurge, held: pl.DataFrame, /) -> int:
    """How many rows of the archive may go."""
    return _may_go(session, purge, held, after=0, upto=ALL_ROWS, most=ALL_ROWS).height


def mark_due(control: StoreFile, account: str, table_name: str, days: tuple[date, ...], /) -> None:
    """The next archive run proves these days of an account's table, whether or not their rows change."""
    with writing(control, purpose=f"purging {account}") as session:
        _mark_due(session, account, table_name, days)


def _mark_due(session: Session, account: str, table_name: str, days: tuple[date, ...]) -> None:
    touched = pl.DataFrame({"day": days}, schema={"day": pl.Date})
    session.change("archive_events/mark_due", {"touched": touched}, account=account, table_name=table_name)


def _may_go(
    session: Session, purge: ArchivePurge, held: pl.DataFrame, *, after: int, upto: int, most: int
) -> pl.DataFrame:
    table = purge.table.table
    query = filled(
        "purge_events/archived",
        purge.scope,
        since=latest_of(purge.table.since, "archived."),
        matches=" and ".join(
            f"cast(held.{name} as {kind}) = archived.{name}"
            for name, kind in ((quoted(column), purge.columns[column]) for column in table.key)
        ),
    )
    values = {"account": purge.account, "after": after, "upto": upto, "before": purge.before, "most": most}
    return found(session, query, {"held": held}, **values)
