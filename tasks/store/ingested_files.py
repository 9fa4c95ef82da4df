"""The ledger of files: known by content, taken in once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

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


@dataclass(frozen=True)
class FileCounts:
    """What became of the rows of a file: rows = accepted + duplicates + rejected."""

    rows: int
    accepted: int
    duplicates: int
    rejected: int


def is_ingested(store: StoreFile, content_hash: str, content: Content) -> bool:
    """Whether a file of this content was taken in before."""
    with reading(store) as session:
        return in_ledger(session, content_hash, content)


def in_ledger(session: Session, content_hash: str, content: Content) -> bool:
    """The same, within a transaction."""
    return bool(session.rows("ingested_files/select", content_hash=content_hash, content=content))


def insert_file(session: Session, file: InputFile, counts: FileCounts, *, ingested_at: datetime) -> None:
    """Writes the ledger row of a file, in the transaction that takes it in."""
    session.change("ingested_files/insert", **vars(file) | vars(counts), ingested_at=ingested_at)
