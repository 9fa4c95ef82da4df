"""Restoring a backup, so that it is safe to go on: nothing archived is lost, nothing handed over leaves again."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from tasks.archive_events import archive_folder
from tasks.back_up_store import store_to_back_up
from tasks.contracts.accounts import Account
from tasks.contracts.back_up_store import CONTROL, ROSTER_FILE, STORE_FILE, BackupManifest
from tasks.contracts.collect_delivery_logs import status_rules
from tasks.deliver_events import delivering
from tasks.exchange.back_up_store import BackupError, read_backup
from tasks.exchange.restore_store import files_taken_in, senders_record
from tasks.exchange.roster import add_account, load_roster
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.replace_store import put_in_place, replacing
from tasks.store.restore_archived import spool_archived
from tasks.store.restore_store import BroughtUp, bring_up


@dataclass(frozen=True)
class Restored:
    """What a restoration did."""

    manifest: BackupManifest
    kept: Path | None
    """Where the store is that was replaced; None where there was none."""
    brought_up: BroughtUp
    unknown_files: tuple[Path, ...]
    """Files in `done/` folders that the restored store does not know: to be put back into their inbox."""


async def restore_account(settings: Settings, name: str, backup: Path, *, now: datetime) -> Restored:
    """Puts a backup of an account in the place of its store, brought up to what archive and senders' records know.

    Args:
        settings: Where the stores are.
        name: The account.
        backup: The folder of the backup.
        now: The real time: ids go on beyond those of any state of the store that ended before it.

    Raises:
        BackupError: It is no intact backup of this account.
        RosterError: The roster has the account's cell under another name.
        StoreVersionError: It was written by a newer version.
        StoreUnreadableError: The control store is damaged: it has to be restored first.
        LostEventsError: Events would be unaccounted for.
        StoreBusyError: Runs of the account did not end in time.
    """
    manifest = _checked(backup, name)
    account, is_listed = _account(settings, name, backup, manifest)
    store = store_to_back_up(settings, account)
    async with delivering(store):
        with archive_folder(settings, account) as folder, replacing(store), _copy(store, backup) as successor:
            control = store_to_back_up(settings, None)
            archived = spool_archived(control, name, folder, after=manifest.store.last_change_seq)
            files = {digest: path for path, digest in files_taken_in(_inboxes(settings, name))}
            brought_up = bring_up(
                successor,
                archived,
                partial(senders_record, settings.outbox(name)),
                status_rules(account.policy, accepted_means_sent=account.accepted_means_sent),
                cell_id=account.cell_id,
                sender=account.sender,
                taken_in=files,
                now=now,
            )
            kept = put_in_place(successor, store, now=now)
    if not is_listed:
        add_account(settings.roster_path, account)
    return Restored(manifest, kept, brought_up, tuple(files[digest] for digest in brought_up.unknown_files))


def restore_control(settings: Settings, backup: Path, *, now: datetime) -> Restored:
    """Puts a backup of the control store in its place; the accounts' next archive runs bring what it lacks.

    Raises:
        BackupError: It is no intact backup of the control store.
        StoreVersionError: It was written by a newer version.
        StoreBusyError: An archive run did not end in time.
    """
    manifest = _checked(backup, CONTROL)
    control = store_to_back_up(settings, None)
    with ExitStack() as runs:
        # An archive run goes on from where the control store was when it began.
        for account in load_roster(settings.roster_path):
            runs.enter_context(archive_folder(settings, account))
        with replacing(control), _copy(control, backup) as successor:
            kept = put_in_place(successor, control, now=now)
    return Restored(manifest, kept, BroughtUp(0, 0, (), ()), ())


def _checked(backup: Path, name: str) -> BackupManifest:
    manifest = read_backup(backup)
    if manifest.account != name:
        raise BackupError(
            f"{backup} is a backup of '{manifest.account}', not of '{name}'. "
            f"Restore it with: message-center restore --account {manifest.account} {backup}"
        )
    return manifest


def _account(settings: Settings, name: str, backup: Path, manifest: BackupManifest) -> tuple[Account, bool]:
    """The account as the roster has it, else as the backup has it; and whether the roster has it."""
    roster = load_roster(settings.roster_path)
    listed = [account for account in roster if account.name == name]
    (account,) = listed or load_roster(backup / ROSTER_FILE)
    if account.cell_id != manifest.cell_id:
        raise BackupError(
            f"{backup} has events of cell {manifest.cell_id}; {settings.roster_path} gives '{name}' cell "
            f"{account.cell_id}. Give the account its former cell there, or restore another backup."
        )
    if not listed and (others := [other.name for other in roster if other.cell_id == account.cell_id]):
        raise BackupError(
            f"{backup} has events of cell {manifest.cell_id}, which {settings.roster_path} gives to "
            f"'{others[0]}': two accounts would give out the same ids. Restore into a home of its own."
        )
    return account, bool(listed)


@contextmanager
def _copy(store: StoreFile, backup: Path) -> Iterator[StoreFile]:
    """A copy of the backed up store beside the one to be replaced; gone afterwards."""
    folder = store.path.with_name(f".restoring-{store.path.stem}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        successor = StoreFile(folder / STORE_FILE, store.kind, store.wait_seconds)
        shutil.copyfile(backup / STORE_FILE, successor.path)
        yield successor
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _inboxes(settings: Settings, name: str) -> tuple[Path, ...]:
    return (settings.inbox(name, "batch"), settings.inbox(name, "rt"), settings.delivery_log_inbox(name))
