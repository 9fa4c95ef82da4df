"""Stage 5: what providers say happened to each message is stored, each statement once."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dataframely as dy

from tasks.contracts.accounts import Account
from tasks.contracts.collect_delivery_logs import DeliveryLogRow, status_rules
from tasks.contracts.counts import Counts
from tasks.contracts.ingest_events import RejectedRow
from tasks.contracts.provider_logs import LogFormat
from tasks.exchange.delivery_logs.bounce_mailbox import fetch_bounces
from tasks.exchange.inbox import content_hash, printable_name, put_away, set_aside, waiting_files
from tasks.exchange.reading.read_rows import UnreadableFileError
from tasks.read_delivery_log import read_log_fields
from tasks.settings import Settings
from tasks.stage import stage
from tasks.store import collect_delivery_logs as in_store
from tasks.store.connection import StoreFile
from tasks.store.ingested_files import InputFile, is_ingested
from tasks.transforms.collect_delivery_logs import normalise_log


@dataclass(frozen=True)
class CollectCounts(Counts):
    """What became of files and rows: rows = stored + duplicates + rejected; the parked are among the stored."""

    files: int = 0
    rows: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    parked: int = 0
    """Stored rows whose event is not known yet."""
    known_files: int = 0
    unreadable_files: int = 0


@dataclass(frozen=True)
class ReadLog:
    """A delivery log's rows, told apart."""

    file: InputFile
    rows: dy.DataFrame[DeliveryLogRow]
    rejected: dy.DataFrame[RejectedRow]


@stage
def find_delivery_logs(settings: Settings, account: Account) -> list[Path]:
    """The finished delivery logs in the account's inbox, by name; bounces come there first, from their mailbox."""
    inbox = settings.delivery_log_inbox(account.name)
    if account.smtp.bounce_maildir is not None:
        fetch_bounces(account.smtp.bounce_maildir, inbox)
    return waiting_files(inbox)


@stage
def read_delivery_log(
    path: Path, log_format: LogFormat, *, max_bytes: int, now: datetime
) -> ReadLog | UnreadableFileError:
    """Reads a delivery log into normalised and rejected rows.

    Where it cannot be read as a whole the reason is returned, not raised: that is no failure of the run.
    """
    digest = content_hash(path)
    try:
        read_as, fields = read_log_fields(path, log_format, max_bytes=max_bytes, received_at=now)
    except UnreadableFileError as error:
        return error
    rows, rejected = normalise_log(fields)
    file = InputFile(digest, "delivery_log", printable_name(path), read_as, fields.height)
    return ReadLog(file, rows, rejected)


@stage
def store_delivery_log(store: StoreFile, read: ReadLog, *, account: Account, now: datetime) -> CollectCounts:
    """Takes a log into the account's store, or finds that it is there already."""
    rules = status_rules(account.policy, accepted_means_sent=account.accepted_means_sent)
    counts = in_store.take_in_log(store, read.file, read.rows, read.rejected, rules, received_at=now)
    return CollectCounts(known_files=1) if counts is None else CollectCounts(files=1, **vars(counts))


def collect_delivery_log(
    settings: Settings, account: Account, path: Path, *, now: datetime, log_format: LogFormat = "auto"
) -> CollectCounts:
    """One log, from the border to the store. A file unreadable as a whole is moved to `rejected/`."""
    store = StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)
    if is_ingested(store, content_hash(path), "delivery_log"):
        counts = CollectCounts(known_files=1)
    else:
        read = read_delivery_log(path, log_format, max_bytes=settings.max_file_bytes, now=now)
        if isinstance(read, UnreadableFileError):
            set_aside(path, str(read))
            return CollectCounts(unreadable_files=1)
        counts = store_delivery_log(store, read, account=account, now=now)
    if path.parent == settings.delivery_log_inbox(account.name):
        put_away(path)
    return counts
