"""A store under transactions, locks and migrations."""

import multiprocessing
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from tasks.store import connection as connection_module
from tasks.store import migrate as migrate_module
from tasks.store.connection import StoreFile, reading, writing
from tasks.store.lock import StoreBusyError
from tasks.store.store_errors import StoreUnreadableError, StoreVersionError


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


def _broken(kind: str, good: bytes) -> bytes:
    return {"foreign": b"no store " * 5_000, "empty": b"", "short": good[:5_000], "cut": good[: len(good) // 2]}[kind]


@pytest.mark.parametrize("kind", ["foreign", "empty", "short", "cut"])
@pytest.mark.parametrize("opened", ["reading", "writing"])
def test_a_file_that_is_no_store_is_said_to_be_none_and_left_as_it_is(store: StoreFile, kind: str, opened: str) -> None:
    with writing(store, purpose="test") as session:
        session.connection.execute("create table much as select range, md5(range::varchar) from range(100_000)")
    store.path.write_bytes(broken := _broken(kind, store.path.read_bytes()))
    opening = reading(store) if opened == "reading" else writing(store, purpose="test")
    with pytest.raises(StoreUnreadableError, match=r"alpha\.duckdb .*restore"), opening:
        pass
    assert store.path.read_bytes() == broken


def test_a_block_that_is_damaged_is_found_when_it_is_read(store: StoreFile) -> None:
    with writing(store, purpose="test") as session:
        session.connection.execute("create table much as select range, md5(range::varchar) as m from range(100_000)")
    content = bytearray(store.path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    store.path.write_bytes(content)
    with pytest.raises(StoreUnreadableError, match="restore"), reading(store) as session:
        session.connection.execute("select sum(range), max(m) from much").fetchall()


def test_somebody_elses_database_is_left_alone(store: StoreFile) -> None:
    store.path.parent.mkdir(parents=True)
    with duckdb.connect(str(store.path)) as theirs:
        theirs.execute("create table customer (a integer)")
    with pytest.raises(StoreUnreadableError, match="customer"), writing(store, purpose="test"):
        pass
    with duckdb.connect(str(store.path)) as theirs:
        assert theirs.execute("show tables").fetchall() == [("customer",)]


def test_who_opens_a_store_past_the_lock_is_waited_for_and_then_named(store: StoreFile) -> None:
    with writing(store, purpose="test"):
        pass
    program = "import sys, duckdb; con = duckdb.connect(sys.argv[1]); print('there', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program, str(store.path)]
    analyst = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert analyst.stdout
    assert analyst.stdout.readline() == b"there\n"
    hasty = StoreFile(store.path, "account", wait_seconds=0.2)
    with pytest.raises(StoreBusyError, match=rf"PID {analyst.pid}.*message-center query"), reading(hasty):
        pass
    threading.Timer(0.5, analyst.communicate).start()
    with writing(store, purpose="after the analyst"):
        pass


def test_a_crash_while_a_store_is_made_leaves_none_behind(store: StoreFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(connection_module, "migrate", crash)
    with pytest.raises(KeyboardInterrupt), reading(store):
        pass
    assert not store.path.exists()
    store.path.with_name(".alpha.duckdb.new").write_bytes(b"half a store")
    monkeypatch.undo()
    with reading(store) as session:
        assert session.connection.execute("select count(*) from event").fetchall() == [(0,)]
    assert not store.path.with_name(".alpha.duckdb.new").exists()
