"""Stage 7: an account's changes go to the control store, are proved to be there, and are published."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import dataframely as dy

from tasks.contracts.accounts import Account
from tasks.contracts.archive_events import ARCHIVED_TABLES, Changes, DayProof
from tasks.publish_control import publish_control
from tasks.settings import Settings
from tasks.stage import stage
from tasks.store import archive_events as in_store
from tasks.store.archive_spool import spool_changes, store_columns
from tasks.store.connection import StoreFile
from tasks.store.lock import lock
from tasks.transforms import archive_events as transform


class ArchiveProofError(RuntimeError):
    """The archive does not hold what the source holds."""


@dataclass(frozen=True)
class ArchiveResult:
    """What an archive run did."""

    upserted: Mapping[str, int]
    """Rows new or changed in the archive, of every archived table."""
    proofs: dy.DataFrame[DayProof]
    """Both sides of every day proved, per table."""
    ignored_columns: Mapping[str, tuple[str, ...]]
    """Per table, columns of the account that the archive has no place for."""
    published: bool
    """Whether there was anything new to publish."""
    proof: Literal["equal"] = "equal"


def archive_events(settings: Settings, account: Account, *, now: datetime, full: bool = False) -> ArchiveResult:
    """Archives all that changed in an account since its last run, proves it, and publishes the control data.

    Safe to repeat, and to stop anywhere: the next run goes on from what was committed.

    Args:
        settings: Where the stores are.
        account: The execution account.
        now: The clock of the run.
        full: Prove every day there is, not only those that changed.

    Raises:
        ArchiveProofError: A day differs between account and archive.
        StoreBusyError: A store, or another run for the account, was in the way for too long.
    """
    with archive_folder(settings, account) as folder:
        changes = read_changes(settings, account, folder, full=full)
        upserted = store_changes(settings, account, changes, now=now)
        proofs = prove(settings, account, changes, now=now)
    published = publish_control(settings)
    return ArchiveResult(upserted, proofs, changes.ignored_columns, published)


@contextmanager
def archive_folder(settings: Settings, account: Account) -> Iterator[Path]:
    """An empty folder for the files of one run; another run for the account waits until this one is over."""
    folder = settings.home / "spool" / "archive_events" / account.name
    alone = folder.with_suffix(".lock")
    with lock(alone, exclusive=True, wait_seconds=settings.lock_wait_seconds, purpose=f"archiving {account.name}"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@stage
def read_changes(settings: Settings, account: Account, folder: Path, *, full: bool = False) -> Changes:
    """Reads what the account changed since it was archived, and counts the days touched, at one instant.

    A day still to be proved from an earlier run is counted too.
    """
    control, source = _control(settings), _source(settings, account)
    position = in_store.archive_position(control, account.name)
    columns, archive_columns = store_columns(source), store_columns(control)
    plans = transform.plan(columns, archive_columns, position.state, position.due, full=full)
    ignored = transform.ignored_columns(columns, archive_columns)
    return spool_changes(source, plans, folder, ignored_columns=ignored)


@stage
def store_changes(settings: Settings, account: Account, changes: Changes, *, now: datetime) -> dict[str, int]:
    """Merges the changes into the control store; returns how many rows of each table were new or changed."""
    upserted = in_store.take_in(_control(settings), account.name, changes.slices, now=now)
    return {table.name: upserted.get(table.name, 0) for table in ARCHIVED_TABLES}


@stage
def prove(settings: Settings, account: Account, changes: Changes, *, now: datetime) -> dy.DataFrame[DayProof]:
    """Compares the days touched on both sides and keeps the result, which it returns.

    Raises:
        ArchiveProofError: A day differs; all proofs are stored by then.
    """
    if not changes.scopes:
        return DayProof.create_empty()
    control = _control(settings)
    archived = in_store.archived_checksums(control, account.name, changes.scopes)
    proofs = transform.compare(changes.source, archived)
    in_store.record_proofs(control, account.name, changes.scopes, proofs, now=now)
    if different := transform.differences(proofs):
        raise ArchiveProofError(
            f"The archive of account {account.name} differs from its source: {'; '.join(different)}. "
            "Nothing was published. Table archive_proof of the control store holds both sides of every day; "
            "find out who changed rows outside the flows before archiving again."
        )
    return proofs


def _control(settings: Settings) -> StoreFile:
    return StoreFile(settings.control_store, "control", settings.lock_wait_seconds)


def _source(settings: Settings, account: Account) -> StoreFile:
    return StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)
