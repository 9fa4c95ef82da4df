"""A copy of a store is one state of it, whoever writes meanwhile."""

import multiprocessing
from pathlib import Path

import duckdb
import pytest
from archivables import change, fill

from tasks.contracts.accounts import Account
from tasks.publish_account import publish_account
from tasks.settings import Settings
from tasks.store import copy_store as module
from tasks.store.connection import StoreFile, writing
from tasks.store.copy_store import at_rest, copy_store, is_copy
from tasks.store.lock import StoreBusyError


def write_rounds(store: StoreFile, first: int, stop: "multiprocessing.synchronize.Event") -> None:
    """Puts rounds of equal rows in, and makes all earlier ones of the latest round, in one transaction each."""
    number = first
    while not stop.is_set():
        number += 1
        with writing(store, purpose="a round") as session:
            round_of = {"number": number}
            rows = "select $number, md5(i::varchar) from range(20_000) r(i)"
            session.connection.execute(f"insert into round {rows}", round_of)
            session.connection.execute("update round set number = $number", round_of)
            session.connection.execute("delete from round where rowid % 3 = $number % 3", round_of)


def test_copies_made_beside_a_writer_are_each_of_one_round(store: StoreFile, tmp_path: Path) -> None:
    change(store, "create table round (number integer, filler varchar)")
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    writer = context.Process(target=write_rounds, args=(store, 0, stop))
    writer.start()
    seen: list[int] = []
    try:
        while len(seen) < 12 or len(set(seen)) < 4:
            copy_store(store, tmp_path / "copy.duckdb")
            with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as plain:
                ((rounds, number, filled),) = plain.execute(
                    "select count(distinct number), coalesce(max(number), 0), count(filler) = count(*) from round"
                ).fetchall()
            assert rounds == min(1, number)
            assert filled
            seen.append(number)
    finally:
        stop.set()
        writer.join(30)
    assert writer.exitcode == 0
    assert seen == sorted(seen)


def test_a_copy_torn_by_writers_is_made_again_and_at_last_with_the_writers_waiting(
    store: StoreFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, events=10)
    copies = 0
    copyfile = module.shutil.copyfile

    def torn(source: Path, target: Path) -> None:
        nonlocal copies
        copies += 1
        if copies <= module.QUICK_TRIES:
            copyfile(source, target)
            fill(store, events=10, first=10 * copies)
        else:
            with pytest.raises(StoreBusyError), writing(StoreFile(store.path, "account", 0.05), purpose="in between"):
                pass
            copyfile(source, target)

    monkeypatch.setattr(module.shutil, "copyfile", torn)
    copy_store(store, tmp_path / "copy.duckdb")
    assert is_copy(store, tmp_path / "copy.duckdb")
    with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as plain:
        assert plain.execute("select count(*) from event").fetchall() == [(10 * (1 + module.QUICK_TRIES),)]


def test_what_a_killed_writer_left_beside_the_store_is_in_the_copy(store: StoreFile, tmp_path: Path) -> None:
    fill(store, events=10)
    with duckdb.connect(str(store.path)) as writer:
        writer.execute("pragma disable_checkpoint_on_shutdown")
        writer.execute("update event set status = 'ignored'")
    assert store.path.with_name("alpha.duckdb.wal").exists()
    copy_store(store, tmp_path / "copy.duckdb")
    with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as plain:
        assert plain.execute("select count(*) from event where status = 'ignored'").fetchall() == [(10,)]


def test_nobody_writes_to_a_store_at_rest(store: StoreFile) -> None:
    fill(store, events=1)
    hasty = StoreFile(store.path, "account", 0.1)
    with at_rest(store), pytest.raises(StoreBusyError):
        change(hasty, "delete from event")


def test_an_accounts_queue_is_published_when_it_changed_and_open_copies_stay(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    fill(store, events=10)
    assert publish_account(settings, account)
    assert not publish_account(settings, account)
    published = settings.published_account("alpha")
    with duckdb.connect(str(published), read_only=True) as early:
        fill(store, events=5, first=10)
        assert publish_account(settings, account)
        assert early.execute("select count(*) from event").fetchall() == [(10,)]
    with duckdb.connect(str(published), read_only=True) as late:
        assert late.execute("select count(*) from event").fetchall() == [(15,)]
