"""Requests of a person to know what is kept, or to have it erased."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tasks.account_run import AccountRun
from tasks.archive_events import archive_events
from tasks.exchange.address_files import files_with
from tasks.exchange.intake.answers import Answers
from tasks.exchange.publish_control import clear_old_editions
from tasks.publish_account import publish_account
from tasks.publish_control import publish_control
from tasks.settings import Settings
from tasks.store.compact import CompactionLimits, compact
from tasks.store.connection import StoreFile
from tasks.store.privacy import Address, days_to_change, erase_in_account, erase_in_archive, mentions


@dataclass
class Found:
    """Where an address is."""

    rows: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    """Rows that mention it, by account, by store (`queue`, `archive`), by table; tables without any are left out."""
    files: dict[str, list[Path]] = field(default_factory=dict)
    """By account: inboxes (with what was taken in and rejected) and outbox."""

    @property
    def is_empty(self) -> bool:
        """Whether no store has it."""
        return not any(stores.values() for stores in self.rows.values())


@dataclass(frozen=True)
class Erased:
    """What an erasure did, and its proof: the same search again."""

    before: Found
    after: Found
    events: int
    """Events that were about the address, in the queue and in the archive."""
    proof: dict[str, str]
    """Of each account's archive run after it."""
    files_deleted: list[Path]


def find_address(runs: Sequence[AccountRun], text: str) -> Found:
    """Looks for an address in queue, logs and archive of accounts, and in their files."""
    found = Found()
    for run in runs:
        name = run.account.name
        archive = mentions(_control(run.settings), Address(text, name))
        stores = {"queue": mentions(run.store, Address(text)), "archive": archive}
        counted = {store: {table: rows for table, rows in told.items() if rows} for store, told in stores.items()}
        found.rows[name] = {store: told for store, told in counted.items() if told}
        folders = [run.settings.home / "inbox" / name, run.settings.outbox(name)]
        found.files[name] = files_with(text, folders, max_bytes=run.settings.max_file_bytes)
    return found


def erase_address(runs: Sequence[AccountRun], text: str, *, files: bool, now: datetime) -> Erased:
    """Erases an address from queue, logs, archive and published data; what was not handed over is not sent.

    It may be repeated: what a crash left undone is done then.

    Args:
        runs: The accounts.
        text: The address.
        files: Whether to delete the files in `done/` and `rejected/` that hold it, with all else that they hold.
        now: The clock of the run.
    """
    before, events = find_address(runs, text), 0
    proof: dict[str, str] = {}
    for run in runs:
        control, archived = _control(run.settings), Address(text, run.account.name)
        days = days_to_change(control, archived)
        events += erase_in_account(run.store, Address(text), days, now=now)
        events += erase_in_archive(control, archived)
        proof[run.account.name] = archive_events(run.settings, run.account, now=now).proof
    if runs[0].settings.answers_path.exists():
        answers = Answers(runs[0].settings.answers_path)
        answers.forget(text)
        answers.close()
    _write_anew([run.store for run in runs] + [_control(runs[0].settings)])
    publish_control(runs[0].settings)
    clear_old_editions(runs[0].settings.published_control, grace_seconds=0)
    for run in runs:
        if run.settings.published_account(run.account.name).exists():
            publish_account(run.settings, run.account)
    deleted = _delete(before) if files else []
    return Erased(before, find_address(runs, text), events, proof, deleted)


def _write_anew(stores: Sequence[StoreFile]) -> None:
    """Free blocks of a file keep what was in them."""
    for store in stores:
        compact(store, CompactionLimits(share=0, bytes=0))


def _delete(found: Found) -> list[Path]:
    """Files that are done with: the others are still to be taken in, or a sender's own."""
    done = [path for paths in found.files.values() for path in paths if path.parent.name in {"done", "rejected"}]
    for path in done:
        path.unlink(missing_ok=True)
    return done


def _control(settings: Settings) -> StoreFile:
    return StoreFile(settings.control_store, "control", settings.lock_wait_seconds)
