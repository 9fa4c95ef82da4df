"""Many small event files taken in together: read at once, stored in one transaction, as if one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from tasks.contracts.accounts import Account
from tasks.contracts.ingest_events import FiledEvent
from tasks.contracts.vocabulary import Queue
from tasks.exchange.inbox import content_hash, printable_name, set_aside
from tasks.exchange.intake.spool import ids_of
from tasks.exchange.reading.read_rows import UnreadableFileError, read_rows
from tasks.exchange.reading.read_small import SmallFile, many_rows, read_small
from tasks.ingest_events import IngestCounts, ReadEvents, split_events, store_events
from tasks.stage import stage
from tasks.store.connection import StoreFile
from tasks.store.ingested_files import InputFile, is_ingested
from tasks.transforms import ingest_events as transform

SMALL_BYTES: Final = 2**20
"""A larger file has a transaction of its own."""
DRAIN_FILES: Final = 1_000
DRAIN_BYTES: Final = 2**24
"""What is taken in together holds no more than this, uncompressed."""


@dataclass(frozen=True)
class FoundFile:
    """A small file that could be read."""

    path: Path
    content_hash: str
    small: SmallFile


@dataclass(frozen=True)
class UnreadFile:
    """A small file that cannot be read as a whole."""

    path: Path
    content_hash: str
    reason: str


@dataclass
class Drain:
    """Files that are taken in together."""

    found: list[FoundFile] = field(default_factory=list)
    copies: list[Path] = field(default_factory=list)
    """Files with the content of a found one before them."""
    unread: list[UnreadFile] = field(default_factory=list)
    hashes: set[str] = field(default_factory=set)
    """Of the found ones."""
    looked_at: int = 0
    """How many of the paths are dealt with: all of these, and files that are gone from the inbox."""

    @property
    def paths(self) -> list[Path]:
        """The files that are done with once the found ones are stored."""
        return [*(file.path for file in self.found), *self.copies]

    def add(self, path: Path, file: FoundFile | UnreadFile | None) -> None:
        """Takes the next file; null where it is gone."""
        self.looked_at += 1
        if file and file.content_hash in self.hashes:
            self.copies.append(path)
        elif isinstance(file, UnreadFile):
            self.unread.append(file)
        elif file:
            self.hashes.add(file.content_hash)
            self.found.append(file)


@stage
def read_drain(paths: Sequence[Path], *, inbox: Path, max_bytes: int) -> Drain:
    """Reads small files from the first on, up to one that is large; one that is gone from the inbox is passed over.

    Raises:
        OSError: A file cannot be opened, or is none.
    """
    drain, size = Drain(), 0
    for path in paths[:DRAIN_FILES]:
        try:
            file = _read(path, max_bytes)
        except FileNotFoundError:
            if path.parent != inbox:
                raise
            drain.add(path, None)
            continue
        if file is None:
            break
        size += file.small.size if isinstance(file, FoundFile) else 0
        if drain.found and size > DRAIN_BYTES:
            break
        drain.add(path, file)
    return drain


@stage
def split_drain(drain: Drain, *, queue: Queue, now: datetime) -> ReadEvents:
    """The events of the files that were found, one per key, and the rows that are none."""
    read = many_rows([file.small for file in drain.found])
    rows = transform.row_counts(read.places, len(drain.found))
    files = [
        InputFile(
            file.content_hash,
            "event",
            printable_name(file.path),
            file.small.format,
            rows[number],
            queue,
            ids_of(file.path),
        )
        for number, file in enumerate(drain.found)
    ]
    accepted, rejected = split_events(read.rows, now=now)
    placed = transform.file_events(accepted, read.places)
    return ReadEvents(
        files,
        transform.first_of_each_key(FiledEvent.cast(placed)),
        transform.file_rejections(rejected, read.places),
        transform.given_ids(placed, [file.ids for file in files]),
    )


def store_drain(store: StoreFile, drain: Drain, account: Account, *, queue: Queue, now: datetime) -> IngestCounts:
    """Stores what was found in one transaction."""
    if not drain.found:
        return IngestCounts()
    counts = store_events(store, split_drain(drain, queue=queue, now=now), cell_id=account.cell_id, now=now)
    return counts.plus(IngestCounts(known_files=len(drain.copies)))


def set_unread_aside(store: StoreFile, drain: Drain) -> IngestCounts:
    """Moves what could not be read to `rejected/`, but for files that were taken in before under a better name."""
    counts = IngestCounts()
    for file in drain.unread:
        if is_ingested(store, file.content_hash, "event"):
            drain.copies.append(file.path)
        else:
            set_aside(file.path, file.reason)
            counts = counts.plus(IngestCounts(unreadable_files=1))
    return counts


def _read(path: Path, max_bytes: int) -> FoundFile | UnreadFile | None:
    """The file, or null where it is not small."""
    if path.stat().st_size > SMALL_BYTES:
        return None
    digest = content_hash(path)
    try:
        return FoundFile(path, digest, read_small(path, max_bytes=min(max_bytes, DRAIN_BYTES)))
    except UnreadableFileError:
        try:
            read_rows(path, max_bytes=max_bytes)
        except UnreadableFileError as error:
            return UnreadFile(path, digest, str(error))
        return None
