"""The ledger of files: known by content, taken in once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import polars as pl

from tasks.contracts.vocabulary import Queue
from tasks.store.connection import Session, StoreFile, reading

Content = Literal["event", "delivery_log"]


@dataclass(frozen=True)
class InputFile:
    """A file as it is to be taken in."""

    content_hash: str
    content: Content
    source_file: str
    format: str
    rows: int
    queue: Queue | None = None
    ids: range = range(0)
    """The ids of its rows, where they were given out before it was taken in."""


@dataclass(frozen=True)
class FileCounts:
    """What became of the rows of a file: rows = accepted + duplicates + rejected."""

    rows: int
    accepted: int
    duplicates: int
    rejected: int


_LEDGER_COLUMNS: Final = pl.Schema(
    dict.fromkeys(("content_hash", "content", "queue", "source_file", "format"), pl.String())
    | dict.fromkeys(("rows", "accepted", "duplicates", "rejected"), pl.Int64())
)


def is_ingested(store: StoreFile, content_hash: str, content: Content) -> bool:
    """Whether a file of this content was taken in before."""
    with reading(store) as session:
        return in_ledger(session, content_hash, content)


def in_ledger(session: Session, content_hash: str, content: Content) -> bool:
    """The same, within a transaction."""
    return bool(session.rows("ingested_files/select", content_hash=content_hash, content=content))


def known_files(session: Session, content_hashes: Sequence[str], content: Content) -> set[str]:
    """Those of the files that were taken in before, within a transaction."""
    asked = pl.DataFrame({"content_hash": content_hashes}, schema={"content_hash": pl.String})
    rows = session.rows("ingested_files/select_known", {"asked": asked}, content=content)
    return {content_hash for (content_hash,) in rows}


def insert_file(session: Session, file: InputFile, counts: FileCounts, *, ingested_at: datetime) -> None:
    """Writes the ledger row of a file, in the transaction that takes it in."""
    insert_files(session, [file], [counts], ingested_at=ingested_at)


def insert_files(
    session: Session, files: Sequence[InputFile], counts: Sequence[FileCounts], *, ingested_at: datetime
) -> None:
    """The same for many files."""
    rows = [vars(file) | vars(counted) for file, counted in zip(files, counts, strict=True)]
    taken = pl.DataFrame(rows, schema=_LEDGER_COLUMNS)
    session.change("ingested_files/insert", {"taken": taken}, ingested_at=ingested_at)
