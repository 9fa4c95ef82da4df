"""What a backup is, and what is refused as one."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archivables import change, fill, rows

from tasks.account_run import AccountRun
from tasks.back_up_store import back_up_store
from tasks.contracts.accounts import Account
from tasks.exchange.back_up_store import BackupError
from tasks.exchange.roster import add_account, load_roster, remove_account
from tasks.restore_store import restore_account, restore_control
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.store_errors import StoreUnreadableError, StoreVersionError


@pytest.fixture
def account() -> Account:
    return Account.model_validate({"name": "alpha", "cell_id": 3, "label": "Älpha", "retries": {"max_tries": 3}})


@pytest.fixture
def backup(run: AccountRun) -> Path:
    add_account(run.settings.roster_path, run.account)
    fill(run.store, events=20)
    return back_up_store(run.settings, run.account, to=None, now=run.now).path


def restore(run: AccountRun, backup: Path, name: str = "alpha") -> None:
    asyncio.run(restore_account(run.settings, name, backup, now=run.now))


def test_a_backup_holds_store_roster_entry_and_a_manifest_of_both(run: AccountRun, backup: Path) -> None:
    assert sorted(path.name for path in backup.iterdir()) == ["account.toml", "manifest.json", "store.duckdb"]
    manifest = json.loads((backup / "manifest.json").read_text())
    assert manifest["store"]["rows"]["event"] == 20
    assert (manifest["store"]["last_change_seq"],) in rows(run.store, "select last_value from duckdb_sequences()")
    assert load_roster(backup / "account.toml") == (run.account,)


def test_an_account_that_is_gone_comes_back_with_its_roster_entry(run: AccountRun, backup: Path) -> None:
    remove_account(run.settings.roster_path, "alpha")
    run.store.path.unlink()
    restore(run, backup)
    assert load_roster(run.settings.roster_path) == (run.account,)
    assert rows(run.store, "select count(*) from event") == [(20,)]


def edit(**values: Any) -> Callable[[Path], None]:
    def edited(backup: Path) -> None:
        manifest = backup / "manifest.json"
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | values))

    return edited


def flip_a_byte(backup: Path) -> None:
    with (backup / "store.duckdb").open("r+b") as file:
        file.seek(100_000)
        byte = file.read(1)
        file.seek(100_000)
        file.write(bytes([byte[0] ^ 1]))


SPOILT = {
    "changed": (flip_a_byte, "store.duckdb is missing, or not as it was written"),
    "incomplete": (lambda backup: (backup / "store.duckdb").unlink(), "store.duckdb is missing"),
    "no backup": (lambda backup: (backup / "manifest.json").unlink(), "has no manifest.json"),
    "no manifest": (lambda backup: (backup / "manifest.json").write_text("{"), "is no manifest"),
    "newer": (edit(format=2), "of a newer version"),
    "another account's": (edit(account="beta"), "is a backup of 'beta', not of 'alpha'"),
    "another cell's": (edit(cell_id=4), "has events of cell 4"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_what_is_no_intact_backup_is_refused(run: AccountRun, backup: Path, spoilt: str) -> None:
    spoil, message = SPOILT[spoilt]
    spoil(backup)
    before = run.store.path.read_bytes()
    with pytest.raises(BackupError, match=message):
        restore(run, backup)
    assert run.store.path.read_bytes() == before
    assert not list(run.store.path.parent.glob("*replaced*"))


def test_a_backup_of_a_newer_version_is_refused(run: AccountRun, backup: Path) -> None:
    change(run.store, "insert into schema_migration values ('9999_flying_cars', now())")
    newer = run.settings.home / "newer"
    manifest_of = json.loads((backup / "manifest.json").read_text())
    with pytest.raises(StoreVersionError, match="9999_flying_cars"):
        back_up_store(run.settings, run.account, to=newer, now=run.now)
    assert not newer.exists() or not list(newer.iterdir())
    assert manifest_of["store"]["migrations"]


def test_a_damaged_store_is_not_backed_up(run: AccountRun, backup: Path) -> None:
    assert backup.exists()
    content = bytearray(run.store.path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    run.store.path.write_bytes(content)
    later = run.now.replace(hour=13)
    with pytest.raises(StoreUnreadableError, match="restore"):
        back_up_store(run.settings, run.account, to=None, now=later)
    assert [path.name for path in backup.parent.iterdir()] == [backup.name]


def test_a_cell_that_another_account_has_by_now_is_not_given_twice(run: AccountRun, backup: Path) -> None:
    remove_account(run.settings.roster_path, "alpha")
    add_account(run.settings.roster_path, Account(name="beta", cell_id=3))
    with pytest.raises(BackupError, match="'beta'"):
        restore(run, backup)


def test_a_backup_of_an_account_is_none_of_the_control_store(settings: Settings, run: AccountRun, backup: Path) -> None:
    with pytest.raises(BackupError, match="not of 'control'"):
        restore_control(settings, backup, now=run.now)
    control = StoreFile(settings.control_store, "control")
    fill_control = back_up_control(control, settings, run)
    with pytest.raises(BackupError, match="is a backup of 'control'"):
        restore(run, fill_control)


def back_up_control(control: StoreFile, settings: Settings, run: AccountRun) -> Path:
    change(control)
    return back_up_store(settings, None, to=None, now=run.now).path


def test_there_is_nothing_to_back_up_where_there_is_no_store(run: AccountRun) -> None:
    with pytest.raises(FileNotFoundError, match="no store"):
        back_up_store(run.settings, run.account, to=None, now=run.now)
    assert not run.store.path.exists()
