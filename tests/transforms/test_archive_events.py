"""What is read for the archive, and how both sides are compared."""

from datetime import date

import dataframely as dy
import polars as pl

from tasks.contracts.archive_events import ArchiveState, DayChecksum, DueDay, StoreColumn
from tasks.transforms.archive_events import compare, differences, ignored_columns, plan

FIRST, SECOND = date(2026, 11, 20), date(2026, 11, 21)


def columns(**tables: str) -> dy.DataFrame[StoreColumn]:
    named = [(table, name, "VARCHAR") for table, names in tables.items() for name in names.split()]
    return StoreColumn.validate(pl.DataFrame(named, schema=pl.Schema(StoreColumn), orient="row"))


def state(*rows: tuple[str, int, list[str]]) -> dy.DataFrame[ArchiveState]:
    return ArchiveState.validate(pl.DataFrame(rows, schema=pl.Schema(ArchiveState), orient="row"))


def due(*rows: tuple[str, date | None]) -> dy.DataFrame[DueDay]:
    return DueDay.validate(pl.DataFrame(rows, schema=pl.Schema(DueDay), orient="row"))


def checksums(*rows: tuple[str, date | None, int, str], comparable: bool = True) -> dy.DataFrame[DayChecksum]:
    told = [(*row, comparable) for row in rows]
    return DayChecksum.validate(pl.DataFrame(told, schema=pl.Schema(DayChecksum), orient="row"))


def test_a_table_is_read_from_where_its_archive_ends_and_a_new_one_from_the_start() -> None:
    both = columns(event="event_id ctx", delivery="delivery_id")
    plans = plan(both, both, state(("event", 41, ["event_id", "ctx"])), due(), full=False)
    assert [(p.table.name, p.after, p.again) for p in plans] == [("event", 41, False), ("delivery", 0, False)]


def test_only_columns_that_both_sides_have_are_read_and_the_others_told() -> None:
    source, archive = columns(event="event_id ctx brand", delivery="delivery_id"), columns(event="event_id ctx added")
    (event,) = plan(source, archive, state(), due(), full=False)
    assert list(event.columns) == ["event_id", "ctx"]
    assert ignored_columns(source, archive) == {"event": ("brand",), "delivery": ("delivery_id",)}


def test_a_table_archived_without_a_column_that_both_sides_have_now_is_read_again() -> None:
    both = columns(event="event_id ctx brand")
    (grown,) = plan(both, both, state(("event", 41, ["event_id", "ctx"])), due(), full=False)
    assert (grown.after, grown.again) == (0, True)
    less = columns(event="event_id")
    (shrunk,) = plan(less, both, state(("event", 41, ["event_id", "ctx"])), due(), full=False)
    assert (shrunk.after, shrunk.again) == (41, False)


def test_a_due_day_is_proved_and_where_days_may_move_all_of_them_are() -> None:
    both = columns(event="event_id", quarantine="address", delivery="delivery_id")
    plans = plan(both, both, state(), due(("event", FIRST), ("quarantine", FIRST)), full=False)
    assert [(p.table.name, p.due, p.prove_all) for p in plans] == [
        ("event", (FIRST,), False),
        ("quarantine", (), True),
        ("delivery", (), False),
    ]
    assert all(p.prove_all for p in plan(both, both, state(), due(), full=True))


def test_days_are_equal_only_with_the_same_rows_and_the_same_checksum_on_both_sides() -> None:
    source = checksums(("event", FIRST, 3, "10"), ("event", SECOND, 1, "7"), ("tracking_url", None, 2, "5"))
    archived = checksums(("event", FIRST, 3, "11"), ("tracking_url", None, 2, "5"), ("delivery", FIRST, 1, "1"))
    proofs = compare(source, archived)
    assert proofs.select("table_name", "day", "source_rows", "archived_rows", "equal").rows() == [
        ("delivery", FIRST, 0, 1, False),
        ("event", FIRST, 3, 3, False),
        ("event", SECOND, 1, 0, False),
        ("tracking_url", None, 2, 2, True),
    ]
    assert differences(proofs) == [
        "delivery, 2026-11-20: 0 rows at the source, 1 archived",
        "event, 2026-11-20: 3 rows at the source, 3 archived, contents differ",
        "event, 2026-11-21: 1 rows at the source, 0 archived",
    ]


def test_of_many_differences_the_first_are_told_and_the_others_counted() -> None:
    source = checksums(*(("event", date(2026, 1, day), 1, "1") for day in range(1, 13)))
    told = differences(compare(source, checksums()))
    assert len(told) == 11
    assert told[-1] == "and 2 more"
