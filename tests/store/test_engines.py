"""Engines serve one store after the other, one user at a time, and never after an error."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tasks.store.connection import StoreFile, computing, reading, writing
from tasks.store.engines import IDLE_MOST, engine


def test_an_engine_is_used_again(tmp_path: Path) -> None:
    with engine(tmp_path) as first:
        pass
    with engine(tmp_path) as second:
        assert second is first
        assert second.execute("select current_setting('TimeZone')").fetchall() == [("UTC",)]


def test_two_users_at_a_time_have_an_engine_each(tmp_path: Path) -> None:
    with engine(tmp_path) as first, engine(tmp_path) as second:
        assert first is not second


def test_after_an_error_an_engine_is_not_used_again(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="of a test"), engine(tmp_path) as broken:
        raise RuntimeError("of a test")
    with engine(tmp_path) as other:
        assert other is not broken


def test_a_store_that_was_left_is_free_for_other_processes(store: StoreFile) -> None:
    with writing(store, purpose="a test"):
        pass
    with reading(store):
        pass
    attach = f"import duckdb; duckdb.connect().execute(\"attach '{store.path}' as store\")"
    assert subprocess.run([sys.executable, "-c", attach], check=False, timeout=60).returncode == 0
    assert not store.path.with_name(f"{store.path.name}.wal").exists()


def test_a_store_may_be_read_within_a_reading_of_it(store: StoreFile) -> None:
    with writing(store, purpose="a test"):
        pass
    with reading(store) as outer, reading(store) as inner:
        for session in (outer, inner):
            assert session.connection.execute("select count(*) from event").fetchall() == [(0,)]


def test_frames_of_one_session_are_not_in_the_next() -> None:
    import polars as pl

    with computing() as session:
        session.connection.register("gone", pl.DataFrame({"a": [1]}))
        session.connection.unregister("gone")
    with computing() as session:
        assert session.connection.execute(
            "select count(*) from duckdb_views() where view_name = 'gone'"
        ).fetchall() == [(0,)]


def test_only_the_engines_used_last_are_kept(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(IDLE_MOST + 1)]
    used = []
    for folder in folders:
        with engine(folder) as connection:
            used.append(connection)
    with pytest.raises(duckdb.ConnectionException, match="closed"):
        used[0].execute("select 1")
    with engine(folders[-1]) as again:
        assert again is used[-1]
