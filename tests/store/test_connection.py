"""A store under transactions, locks and migrations."""

import multiprocessing
import time
from pathlib import Path

import duckdb
import pytest

from tasks.store import migrate as migrate_module
from tasks.store.connection import StoreFile, reading, writing
from tasks.store.lock import StoreBusyError
from tasks.store.migrate import StoreVersionError


def test_a_store_is_made_and_migrated_when_first_opened(store: StoreFile) -> None:
    with reading(store) as session:
        steps = session.connection.execute("select name from schema_migration order by name").fetchall()
    assert steps == [(step.stem,) for step in migrate_module.migrations("account")]


def test_a_failing_block_leaves_nothing_behind(store: StoreFile) -> None:
    with pytest.raises(RuntimeError, match="planned"), writing(store, purpose="test") as session:
        session.connection.execute("insert into watermark values ('half', 1)")
        raise RuntimeError("planned")
    with reading(store) as session:
        assert session.connection.execute("select count(*) from watermark where name = 'half'").fetchall() == [(0,)]


def test_a_step_that_fails_is_not_recorded(store: StoreFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with writing(store, purpose="test"):
        pass
    broken = tmp_path / "9999_broken.sql"
    broken.write_text("create table half_done (a integer); select nonsense from nowhere;")
    known = migrate_module.migrations("account")
    monkeypatch.setattr(migrate_module, "migrations", lambda _: (*known, broken))
    with pytest.raises(duckdb.CatalogException), writing(store, purpose="test"):
        pass
    monkeypatch.undo()
    with reading(store) as session:
        tables = session.connection.execute("select count(*) from duckdb_tables() where table_name = 'half_done'")
        assert tables.fetchall() == [(0,)]


def test_a_store_of_a_newer_version_is_refused(store: StoreFile) -> None:
    with writing(store, purpose="test") as session:
        session.connection.execute("insert into schema_migration values ('9999_future', now())")
    with pytest.raises(StoreVersionError, match="9999_future"), reading(store):
        pass


def _hold(store: StoreFile, held: "multiprocessing.synchronize.Event") -> None:
    with writing(store, purpose="holding on"):
        held.set()
        time.sleep(60)


def test_a_waiting_writer_is_told_who_holds_the_store_and_a_dead_holder_holds_nothing(store: StoreFile) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    holder = context.Process(target=_hold, args=(store, held))
    holder.start()
    assert held.wait(30)
    hasty = StoreFile(store.path, "account", wait_seconds=0.2)
    with pytest.raises(StoreBusyError, match=rf"process {holder.pid} has held it for holding on"), reading(hasty):
        pass
    holder.kill()
    holder.join()
    with writing(store, purpose="after the crash"):
        pass
