"""A store written anew: the same in everything but its size, whatever happens meanwhile."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from archivables import change, fill, rows

from tasks.settings import Settings
from tasks.store import compact as module
from tasks.store.compact import CompactionError, CompactionLimits, compact
from tasks.store.connection import StoreFile
from tasks.store.migrate import StoreKind

ALWAYS = CompactionLimits(share=0, bytes=0)
LARGELY_FREE = CompactionLimits(share=0.5, bytes=2**20)
CONTENT = (
    "from schema_migration order by all",
    "from event order by all",
    "from local_id order by all",
    "from watermark order by all",
)


@pytest.fixture
def emptied(store: StoreFile) -> StoreFile:
    """A store of which some rows went."""
    fill(store, events=2_000)
    change(store, "delete from event where event_id % 10 > 0", "delete from delivery_log where event_id % 10 > 0")
    return store


def content(store: StoreFile) -> list[list[tuple[Any, ...]]]:
    return [rows(store, query) for query in CONTENT]


def test_a_store_largely_free_is_smaller_afterwards_and_otherwise_as_it_was(emptied: StoreFile) -> None:
    fill(emptied, events=150_000, first=2_000)
    change(emptied, f"delete from event where event_id < {3 * 2**56 + 149_000}", "delete from delivery_log")  # noqa: S608
    before, size = content(emptied), emptied.path.stat().st_size
    done = compact(emptied, LARGELY_FREE)
    assert done is not None
    assert (done.store, done.bytes_before) == ("alpha", size)
    assert done.bytes_after == emptied.path.stat().st_size < size / 2
    assert content(emptied) == before
    assert compact(emptied, LARGELY_FREE) is None


def test_the_change_sequence_goes_on_where_it_was(emptied: StoreFile) -> None:
    change(emptied, "create table last as select nextval('change_seq') as change_seq")
    ((last,),) = rows(emptied, "from last")
    for _ in range(3):
        assert compact(emptied, ALWAYS) is not None
    change(emptied, "create table taken as select nextval('change_seq') as change_seq from range(2)")
    assert rows(emptied, "from taken") == [(last + 1,), (last + 2,)]


def test_a_sequence_not_used_yet_begins_at_its_beginning(store: StoreFile) -> None:
    change(store, "create table note as select repeat('x', 1000000)")
    change(store, "drop table note")
    assert compact(store, ALWAYS) is not None
    change(store, "create table taken as select nextval('change_seq') as change_seq")
    assert rows(store, "from taken") == [(1,)]


def test_macros_views_and_the_compression_of_long_texts_are_kept(settings: Settings, emptied: StoreFile) -> None:
    control = StoreFile(settings.control_store, "control", 5)
    key = "select log_key(1, null, 'a@example.com', 'delivered', timestamptz '2026-11-23 12:00:00+00', 'x')"
    report = "from service_level_between(timestamptz '2026-11-01 00:00:00+00', timestamptz '2026-12-01 00:00:00+00')"
    before = rows(emptied, key), rows(control, report), rows(control, "from service_level")
    for each in (emptied, control):
        assert compact(each, ALWAYS) is not None
    assert (rows(emptied, key), rows(control, report), rows(control, "from service_level")) == before
    fill(emptied, events=20_000, first=40_000)
    segments = "from pragma_storage_info('event') where column_name = 'ctx' and segment_type in ('JSON', 'VARCHAR')"
    assert rows(emptied, f"select distinct lower(compression) {segments}") == [("zstd",)]


@pytest.mark.parametrize("limits", [CompactionLimits(0.999, 0), CompactionLimits(0, 2**40)])
def test_a_file_with_too_little_free_is_left_alone(emptied: StoreFile, limits: CompactionLimits) -> None:
    inode = emptied.path.stat().st_ino
    assert compact(emptied, limits) is None
    assert emptied.path.stat().st_ino == inode


def test_without_room_for_a_second_file_nothing_is_done(emptied: StoreFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1_000_000}))
    assert compact(emptied, ALWAYS) is None


@pytest.mark.parametrize("kind", ["account", "control"])
def test_a_store_that_is_not_there_is_not_made(tmp_path: Path, kind: StoreKind) -> None:
    assert compact(StoreFile(tmp_path / "none.duckdb", kind, 5), ALWAYS) is None
    assert not list(tmp_path.glob("*.duckdb"))


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("delete from compacted.event where event_id % 200 = 0", "event"),
        ("drop view if exists compacted.nothing; drop macro compacted.log_key", "log_key"),
        ("drop table compacted.watermark", "watermark"),
        ("select nextval('compacted.change_seq') from range(3)", "change_seq"),
    ],
)
def test_a_new_file_that_differs_is_never_put_in_place(
    emptied: StoreFile, monkeypatch: pytest.MonkeyPatch, damage: str, named: str
) -> None:
    def differ(connection: duckdb.DuckDBPyConnection) -> list[str]:
        connection.execute(damage).fetchall()
        return differences(connection)

    differences = module._differences  # noqa: SLF001
    before = content(emptied)
    monkeypatch.setattr(module, "_differences", differ)
    with pytest.raises(CompactionError, match=f"in {named}: it was not put in its place"):
        compact(emptied, ALWAYS)
    monkeypatch.undo()
    assert content(emptied) == before
    assert compact(emptied, ALWAYS) is not None


STEPS = ("write_anew before", "_differences before", "flush before", "replace before", "replace after")


@pytest.mark.parametrize(
    "step", [pytest.param(step, marks=() if "replace" in step else pytest.mark.long) for step in STEPS]
)
def test_a_compaction_killed_at_any_step_loses_nothing_and_leaves_nothing_for_long(
    emptied: StoreFile, step: str
) -> None:
    before = content(emptied)
    killed = multiprocessing.get_context("spawn").Process(target=compact_and_die, args=(emptied, step))
    killed.start()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    assert content(emptied) == before
    fill(emptied, events=10, first=40_000)
    assert compact(emptied, ALWAYS) is not None
    assert len(rows(emptied, "from event")) == len(before[1]) + 10
    assert [path.name for path in emptied.path.parent.iterdir() if "compact" in path.name] == []


def compact_and_die(store: StoreFile, step: str) -> None:
    """A compaction that is killed at a step. Runs in a process of its own."""
    name, _, when = step.partition(" ")
    owner = Path if name == "replace" else module
    real: Callable[..., Any] = getattr(owner, name)

    def and_die(*args: Any) -> Any:
        if when == "after":
            real(*args)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, and_die)
    compact(store, ALWAYS)
