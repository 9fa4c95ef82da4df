"""Slices into the archive: order, repetition, transactions, and what the checksum sees."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from archivables import NOW, change, fill, rows

from tasks.contracts.archive_events import ArchiveState, Changes, DueDay, ProofScope, Slice
from tasks.settings import Settings
from tasks.store import archive_events as in_store
from tasks.store.archive_spool import spool_changes, store_columns
from tasks.store.archive_sql import checksums
from tasks.store.connection import StoreFile, reading
from tasks.transforms.archive_events import plan

STATE = "select table_name, change_seq from archive_state where table_name in ('event', 'delivery_log') order by all"
EVENTS = "select count(*), count(distinct event_id), count(*) filter (status = 'ignored') from event"


@pytest.fixture
def control(settings: Settings) -> StoreFile:
    return StoreFile(settings.control_store, "control", 5)


def read(store: StoreFile, control: StoreFile, folder: Path, *, slice_rows: int = 1_000_000) -> Changes:
    folder.mkdir()
    position = in_store.archive_position(control, "alpha")
    plans = plan(store_columns(store), store_columns(control), position.state, position.due, full=False)
    return spool_changes(store, plans, folder, ignored_columns={}, slice_rows=slice_rows)


def test_a_long_table_is_read_in_slices_that_cut_it_by_change_sequence(
    store: StoreFile, control: StoreFile, tmp_path: Path
) -> None:
    fill(store, events=25)
    slices = [part for part in read(store, control, tmp_path / "a", slice_rows=10).slices if part.rows > 1]
    assert [(part.plan.table.name, part.rows, part.last) for part in slices] == [
        ("event", 10, False),
        ("event", 10, False),
        ("event", 5, True),
        ("delivery_log", 10, False),
        ("delivery_log", 10, False),
        ("delivery_log", 5, True),
    ]
    assert [part.upto for part in slices] == sorted(part.upto for part in slices)


def test_each_transaction_leaves_rows_and_state_that_belong_together(
    store: StoreFile, control: StoreFile, tmp_path: Path
) -> None:
    fill(store, events=25)
    changes = read(store, control, tmp_path / "a", slice_rows=10)

    def breaks_down() -> Iterator[Slice]:
        yield from [part for part in changes.slices if part.plan.table.name == "event"][:2]
        raise RuntimeError("planned")

    with pytest.raises(RuntimeError, match="planned"):
        in_store.take_in(control, "alpha", breaks_down(), now=NOW, transaction_rows=10)  # type: ignore[arg-type] # dies
    assert rows(control, EVENTS) == [(20, 20, 0)]
    held = rows(control, "select max(change_seq) from event")
    assert rows(control, "select change_seq from archive_state where table_name = 'event'") == held
    rest = read(store, control, tmp_path / "b", slice_rows=10)
    assert in_store.take_in(control, "alpha", rest.slices, now=NOW)["event"] == 5
    assert rows(control, EVENTS) == [(25, 25, 0)]


def test_slices_that_come_twice_change_nothing_and_late_ones_do_not_undo_what_is_newer(
    store: StoreFile, control: StoreFile, tmp_path: Path
) -> None:
    fill(store, events=20)
    old = read(store, control, tmp_path / "old").slices
    change(store, "update event set status = 'ignored', change_seq = nextval('change_seq') where event_id % 4 = 0")
    new = read(store, control, tmp_path / "new").slices
    assert in_store.take_in(control, "alpha", new, now=NOW)["event"] == 20
    reached = rows(control, STATE)
    assert set(in_store.take_in(control, "alpha", old, now=NOW).values()) == {0}
    assert rows(control, STATE) == reached
    assert set(in_store.take_in(control, "alpha", new, now=NOW).values()) == {0}
    assert rows(control, EVENTS) == [(20, 20, 5)]
    assert rows(control, STATE) == reached


def test_a_table_read_again_for_a_new_column_is_read_again_until_its_last_slice_is_in(
    store: StoreFile, control: StoreFile, tmp_path: Path
) -> None:
    change(store, "alter table event add column brand varchar default 'north'")
    fill(store, events=25)
    in_store.take_in(control, "alpha", read(store, control, tmp_path / "a").slices, now=NOW)
    change(control, "alter table event add column brand varchar")
    again = read(store, control, tmp_path / "b", slice_rows=10).slices
    in_store.take_in(control, "alpha", again[:1], now=NOW)
    interrupted = read(store, control, tmp_path / "c", slice_rows=10).slices
    assert sum(part.rows for part in interrupted) == 25
    in_store.take_in(control, "alpha", interrupted, now=NOW)
    assert rows(control, "select brand, count(*) from event group by all") == [("north", 25)]
    assert read(store, control, tmp_path / "d").slices == ()


def test_the_checksum_sees_a_changed_value_a_swapped_value_a_row_twice_and_not_the_order(store: StoreFile) -> None:
    fill(store, events=10)
    table = next(part for part in plan_tables(store) if part.table.name == "event")

    def checksum() -> list[str]:
        with reading(store) as session:
            return checksums(session, [table])["checksum"].to_list()

    before = checksum()
    change(
        store,
        "create table shuffled as from event order by event_id desc",
        "delete from event",
        "insert into event from shuffled",
    )
    assert checksum() == before
    seen = {tuple(before)}
    for damage in (
        "update event set reason = '' where event_key = 'key-1'",
        "update event set email = language, language = email where event_key = 'key-2'",
        "update event set email = event_key, event_key = email where event_key = 'key-3'",
        "insert into event from event where event_key = 'key-4'",
        "insert into event from event where event_key = 'key-4' limit 1",
    ):
        change(store, damage)
        seen.add(tuple(checksum()))
    assert len(seen) == 6


def plan_tables(store: StoreFile) -> list[ProofScope]:
    """Every table with all its days."""
    columns = store_columns(store)
    plans = plan(columns, columns, ArchiveState.create_empty(), DueDay.create_empty(), full=True)
    return [ProofScope(each.table, each.columns, None) for each in plans]
