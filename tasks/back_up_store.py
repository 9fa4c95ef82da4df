"""Backups: one folder with all it takes to put an account, or the control store, back in its place."""

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import tomlkit

from tasks.contracts.accounts import Account
from tasks.contracts.back_up_store import CONTROL, MANIFEST_FILE, ROSTER_FILE, STORE_FILE, BackupManifest, StoreFacts
from tasks.exchange.back_up_store import file_facts, new_backup, write_durably
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.copy_store import copy_store
from tasks.store.store_errors import StoreUnreadableError, StoreVersionError
from tasks.store.store_facts import DUCKDB_VERSION, store_facts


@dataclass(frozen=True)
class Backup:
    """A backup that was made and read back."""

    path: Path
    manifest: BackupManifest


def back_up_store(settings: Settings, account: Account | None, *, to: Path | None, now: datetime) -> Backup:
    """Backs up an account, or the control store, while the flows go on: its store is held for the copy alone.

    Args:
        settings: Where the stores are.
        account: The execution account; None: the control store.
        to: The folder to make the backup's folder in; None: `backups` in the home.
        now: The instant that names it.

    Raises:
        FileNotFoundError: The account has no store.
        FileExistsError: A backup of this instant is there.
        StoreBusyError: Writers did not leave the store in time.
        StoreUnreadableError: The store is damaged: a backup of it would be worth nothing.
    """
    name = account.name if account else CONTROL
    store = store_to_back_up(settings, account)
    folder = (to or settings.home / "backups") / f"{name}-{now:%Y%m%dT%H%M%S.%fZ}"
    if not store.path.exists():
        raise FileNotFoundError(f"There is no store {store.path} to back up.")
    with new_backup(folder) as part:
        copy_store(store, part / STORE_FILE)
        if account:
            write_durably(part / ROSTER_FILE, _roster_entry(account))
        manifest = BackupManifest(
            kind=store.kind,
            account=name,
            cell_id=account.cell_id if account else None,
            taken_at=now,
            program=version("message-center"),
            duckdb=DUCKDB_VERSION,
            store=_read_back(part / STORE_FILE, store),
            files={path.name: file_facts(path) for path in sorted(part.iterdir())},
        )
        write_durably(part / MANIFEST_FILE, manifest.model_dump_json(indent=2) + "\n")
    return Backup(folder, manifest)


def store_to_back_up(settings: Settings, account: Account | None) -> StoreFile:
    """The store of an account, or the control store."""
    if account is None:
        return StoreFile(settings.control_store, "control", settings.lock_wait_seconds)
    return StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)


def _roster_entry(account: Account) -> str:
    return tomlkit.dumps({"account": [account.model_dump(mode="json", exclude_unset=True)]})


def _read_back(copy: Path, store: StoreFile) -> StoreFacts:
    try:
        return store_facts(copy, store.kind)
    except (StoreUnreadableError, StoreVersionError) as error:
        raise type(error)(str(error).replace(str(copy), str(store.path))) from error
