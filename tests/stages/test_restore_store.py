"""Restoring: after a backup life went on, then the store was lost; what follows equals a life without the loss."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from archivables import change
from lives import rows_of
from restored_lives import (
    after_the_backup,
    archive,
    back_up,
    before_the_backup,
    later,
    moved,
    outcome,
    put_back,
    put_events,
    restore,
    the_end,
    unequal_tables,
    work,
)  # fmt: skip

from tasks.account_run import AccountRun, run_on
from tasks.back_up_store import back_up_store
from tasks.contracts.accounts import Account, SmtpServer
from tasks.exchange.demonstration.receiving_server import ReceivingServer
from tasks.exchange.roster import add_account
from tasks.restore_store import restore_control
from tasks.settings import Settings
from tasks.store.connection import StoreFile, reading


@dataclass(frozen=True)
class Life:
    run: AccountRun
    backup: str
    end: dict[str, tuple[object, ...]]
    """What became of every event where nothing was lost."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder = tmp_path_factory.mktemp("life")
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    account = Account(name="alpha", cell_id=3)
    run = run_on(Settings(home=folder / "home", lock_wait_seconds=5), account, now)
    add_account(run.settings.roster_path, account)
    before_the_backup(run)
    backup = back_up(run)
    after_the_backup(later(run))
    undisturbed = moved(run, folder / "undisturbed")
    the_end(later(undisturbed, 3))
    return Life(later(run, 3), backup.name, outcome(undisturbed))


def disaster(life: Life, home: Path) -> tuple[AccountRun, Path]:
    run = moved(life.run, home)
    return run, run.settings.home / "backups" / life.backup


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def leave(path: Path) -> None:
    assert path.exists()


@pytest.mark.parametrize("lose", [delete, cut, pytest.param(leave, marks=pytest.mark.long)])
def test_a_life_with_a_lost_store_in_it_ends_like_one_without(
    life: Life, tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    run, backup = disaster(life, tmp_path / "home")
    lose(run.store.path)
    before = run.store.path.read_bytes() if run.store.path.exists() else None
    restored = restore(run, backup)
    assert (restored.kept.read_bytes() if restored.kept else None) == before
    assert restored.brought_up.unsure == ()
    put_back(restored)
    put_events(run, "copies of what the archive gave back", range(30, 36))
    work(run)
    the_end(run)
    assert outcome(run) == life.end
    assert {sent for *_, sent in life.end.values()} == {1}
    assert unequal_tables(run) == []


def test_without_an_archive_the_outbox_still_knows_what_left(life: Life, tmp_path: Path) -> None:
    run, backup = disaster(life, tmp_path / "home")
    run.store.path.unlink()
    run.settings.control_store.unlink()
    put_back(restore(run, backup))
    work(run)
    the_end(run)
    assert {sent for *_, sent in outcome(run).values()} == {1}
    assert unequal_tables(run) == []


def test_without_the_outbox_what_may_have_left_is_held(life: Life, tmp_path: Path) -> None:
    run, backup = disaster(life, tmp_path / "home")
    for path in run.settings.outbox("alpha").glob("*"):
        path.unlink()
    restored = restore(run, backup)
    held = {f"key-{key}" for key in range(20, 25)}  # scheduled before the loss; the archive knows of the others
    keys = dict(rows_of(run, "select event_id, event_key from event"))
    assert {keys[event_id] for event_id in restored.brought_up.unsure} <= held | set(life.end)
    put_back(restored)
    work(run)
    assert not list(run.settings.outbox("alpha").glob("*.parquet"))


def test_no_id_is_given_out_twice(life: Life, tmp_path: Path) -> None:
    run, backup = disaster(life, tmp_path / "home")
    given = {event_id for (event_id,) in rows_of(run, "select event_id from event")}
    run.settings.control_store.unlink()
    restore(run, backup)
    put_events(run, "afterwards", range(60, 65))
    work(run)
    fresh = rows_of(run, "select event_id from event where source_file = 'afterwards.ndjson'")
    assert len(fresh) == 5
    assert not given & {event_id for (event_id,) in fresh}


def test_an_archive_run_cut_short_between_events_and_their_ledger_is_made_up_for(life: Life, tmp_path: Path) -> None:
    run, backup = disaster(life, tmp_path / "home")
    control = StoreFile(run.settings.control_store, "control")
    change(
        control,
        "delete from ingested_file where source_file = 'new.ndjson'",
        "delete from ingested_file where source_file = 'done.ndjson'",
        "delete from rejected_event where source_file = 'done.ndjson'",
        "delete from delivery_log where event_id in (select event_id from event where event_key = 'key-21')",
        "delete from event where event_key = 'key-21'",  # its slice was not reached
        "update archive_proof set equal = null",
    )
    run.store.path.unlink()
    put_back(restore(run, backup))
    work(run)
    the_end(run)
    assert outcome(run) == life.end
    assert unequal_tables(run) == []


def test_mail_that_may_have_left_is_held_and_named(run: AccountRun, tmp_path: Path) -> None:
    with ReceivingServer(tmp_path / "taken.ndjson") as server:
        account = Account(name="alpha", cell_id=3, sender="smtp", smtp=SmtpServer(port=server.port))
        run = run_on(run.settings, account, run.now)
        add_account(run.settings.roster_path, account)
        before_the_backup(run)
        backup = back_up(run)
        put_events(run, "new", range(30, 36))
        work(run)
        assert mails(server) == 26
        run.store.path.unlink()
        restored = restore(run, backup)
        keys = dict(rows_of(run, "select event_id, event_key from event"))
        assert {keys[event_id] for event_id in restored.brought_up.unsure} == {f"key-{key}" for key in range(10, 20)}
        put_back(restored)
        work(run)
        assert mails(server) == 26
        work(later(run, 2))  # what was scheduled for after the loss had not left
        assert mails(server) == 31


def mails(server: ReceivingServer) -> int:
    return len(server.record.read_text().splitlines())


def test_a_restored_control_store_is_archived_into_anew(life: Life, tmp_path: Path) -> None:
    run, _ = disaster(life, tmp_path / "home")
    control = StoreFile(run.settings.control_store, "control")
    backup = back_up_store(run.settings, None, to=tmp_path, now=run.now).path
    work(run)
    archive(run)
    control.path.unlink()
    restore_control(run.settings, backup, now=run.now)
    with reading(control) as session:
        assert session.rows("archive_events/select_due_days", account="alpha") == []
    assert archive(run).proof == "equal"
    assert unequal_tables(run) == []
