"""Stage 2: event files become pending events; what cannot be an event is set aside with its reason."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dataframely as dy
import polars as pl

from tasks.contracts.accounts import Account
from tasks.contracts.counts import Counts
from tasks.contracts.ingest_events import AcceptedEvent, FiledEvent, FiledRejection, GivenId, ReceivedRow, RejectedRow
from tasks.contracts.vocabulary import Queue
from tasks.exchange.inbox import content_hash, printable_name, put_away, set_aside, waiting_files
from tasks.exchange.intake.spool import ids_of
from tasks.exchange.reading.read_rows import UnreadableFileError, read_rows
from tasks.settings import Settings
from tasks.stage import stage
from tasks.store import ingest_events as in_store
from tasks.store.connection import StoreFile
from tasks.store.ingested_files import InputFile, is_ingested
from tasks.transforms import ingest_events as transform


@dataclass(frozen=True)
class IngestCounts(Counts):
    """What became of files and rows: rows = accepted + duplicates + rejected."""

    files: int = 0
    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    known_files: int = 0
    """Files whose content had been ingested before: nothing was done."""
    unreadable_files: int = 0
    """Files moved to `rejected/` whole."""


@dataclass(frozen=True)
class ReadEvents:
    """The rows of files, told apart."""

    files: list[InputFile]
    events: dy.DataFrame[FiledEvent]
    rejected: dy.DataFrame[FiledRejection]
    given: dy.DataFrame[GivenId]
    """Of files that come with ids."""


@stage
def find_event_files(settings: Settings, account: Account, queue: Queue) -> list[Path]:
    """The finished files waiting in the inbox of a queue, by name."""
    return waiting_files(settings.inbox(account.name, queue))


@stage
def read_event_file(path: Path, *, queue: Queue, max_bytes: int, now: datetime) -> ReadEvents | UnreadableFileError:
    """Reads a file of any accepted format into events and rejected rows; or tells why it cannot be read as a whole.

    That is returned, not raised: a bad file is a fact about the input, and no failure of the run.
    """
    digest = content_hash(path)
    try:
        contents = read_rows(path, max_bytes=max_bytes)
    except UnreadableFileError as error:
        return error
    accepted, rejected = split_events(contents.rows, now=now)
    file = InputFile(digest, "event", printable_name(path), contents.format, contents.rows.height, queue, ids_of(path))
    first = pl.lit(0, pl.Int64).alias("file")
    placed = FiledEvent.validate(accepted.with_columns(first))
    return ReadEvents(
        [file],
        transform.first_of_each_key(placed),
        FiledRejection.validate(rejected.with_columns(first)),
        transform.given_ids(placed.with_columns(file_line="line"), [file.ids]),
    )


def split_events(
    rows: dy.DataFrame[ReceivedRow], *, now: datetime
) -> tuple[dy.DataFrame[AcceptedEvent], dy.DataFrame[RejectedRow]]:
    """The events among received rows, copies too, and the rows that are none."""
    valid, rejected = transform.normalise(in_store.extract_event_fields(rows))
    return transform.accept(valid, in_store.content_keys(valid), received_at=now), rejected


@stage
def store_events(store: StoreFile, read: ReadEvents, *, cell_id: int, now: datetime) -> IngestCounts:
    """Takes files into the account's store, or finds that they are there already."""
    total = IngestCounts()
    counted = in_store.take_in(
        store, read.files, read.events, read.rejected, read.given, cell_id=cell_id, received_at=now
    )
    for counts in counted:
        total = total.plus(IngestCounts(known_files=1) if counts is None else IngestCounts(files=1, **vars(counts)))
    return total


def ingest_file(settings: Settings, account: Account, path: Path, *, queue: Queue, now: datetime) -> IngestCounts:
    """One file, from the border to the store. A file unreadable as a whole is moved to `rejected/`."""
    store = StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)
    if is_ingested(store, content_hash(path), "event"):
        counts = IngestCounts(known_files=1)
    else:
        read = read_event_file(path, queue=queue, max_bytes=settings.max_file_bytes, now=now)
        if isinstance(read, UnreadableFileError):
            set_aside(path, str(read))
            return IngestCounts(unreadable_files=1)
        counts = store_events(store, read, cell_id=account.cell_id, now=now)
    put_away_read(settings, account, path, queue=queue)
    return counts


def put_away_read(settings: Settings, account: Account, path: Path, *, queue: Queue) -> None:
    """Moves a file that is done with to `done/`, where it came through the inbox and nobody else did so."""
    if path.parent == settings.inbox(account.name, queue):
        with suppress(FileNotFoundError):
            put_away(path)
