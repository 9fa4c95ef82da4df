"""Archiving an account: what arrives, what is proved, what is published."""

import threading
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from archivables import NOW, change, fill, rows

from tasks.archive_events import (
    ArchiveProofError,
    ArchiveResult,
    archive_events,
    archive_folder,
    prove,
    read_changes,
    store_changes,
)
from tasks.contracts.accounts import Account
from tasks.contracts.archive_events import ARCHIVED_TABLES
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.lock import StoreBusyError

CELL = 3 * 2**56


@pytest.fixture
def control(settings: Settings) -> StoreFile:
    return StoreFile(settings.control_store, "control", 5)


def differing_tables(account: StoreFile, control: StoreFile, name: str) -> list[str]:
    """Tables whose rows, compared one by one, are not the same on both sides."""
    tables = [table.name for table in ARCHIVED_TABLES]
    return [
        table
        for table in tables
        if rows(account, f"select * from {table} order by all")  # noqa: S608
        != rows(control, f"select * exclude (account) from {table} where account = '{name}' order by all")  # noqa: S608
    ]


def test_every_row_of_every_table_arrives_once_and_a_second_run_finds_nothing_to_do(
    settings: Settings, account: Account, store: StoreFile, control: StoreFile
) -> None:
    fill(store, events=200)
    first = archive_events(settings, account, now=NOW)
    assert list(first.upserted) == [table.name for table in ARCHIVED_TABLES]
    assert (first.upserted["event"], first.upserted["delivery_log"], first.upserted["template"]) == (200, 200, 1)
    assert min(first.upserted.values()) == 1
    assert first.proof == "equal"
    assert first.published
    assert differing_tables(store, control, "alpha") == []

    untouched = control.path.stat().st_mtime_ns
    second = archive_events(settings, account, now=NOW)
    assert set(second.upserted.values()) == {0}
    assert second.proofs.is_empty()
    assert not second.published
    assert control.path.stat().st_mtime_ns == untouched


def test_an_account_without_a_single_row_is_archived_too(settings: Settings, account: Account) -> None:
    result = archive_events(settings, account, now=NOW)
    assert set(result.upserted.values()) == {0}
    assert result.proof == "equal"
    assert settings.published_control.exists()


def test_new_rows_and_a_late_bounce_are_brought_by_the_next_run_and_nothing_else(
    settings: Settings, account: Account, store: StoreFile, control: StoreFile
) -> None:
    fill(store, events=200)
    archive_events(settings, account, now=NOW)
    fill(store, events=10, first=200)
    change(
        store,
        "update event set status = 'delivery_failed', reason = 'late bounce', change_seq = nextval('change_seq') "  # noqa: S608
        f"where event_id = {CELL + 7}",
    )
    result = archive_events(settings, account, now=NOW + timedelta(hours=1))
    assert result.upserted["event"] == 11
    assert result.upserted["delivery_log"] == 10
    assert result.upserted["delivery"] == 0
    assert differing_tables(store, control, "alpha") == []
    assert rows(control, f"select status, reason from event where event_id = {CELL + 7}") == [  # noqa: S608
        ("delivery_failed", "late bounce")
    ]


def test_only_days_touched_are_proved_and_all_of_them_when_asked(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    fill(store, events=3_000)
    first = archive_events(settings, account, now=NOW)
    days = first.proofs.filter(table_name="event")["day"].to_list()
    assert [str(day) for day in days] == ["2026-11-20", "2026-11-21", "2026-11-22"]
    change(
        store,
        f"update event set reason = 'x', change_seq = nextval('change_seq') where event_id = {CELL + 1000}",  # noqa: S608
    )
    second = archive_events(settings, account, now=NOW)
    assert second.proofs.select("table_name", pl.col("day").cast(pl.String), "source_rows").rows() == [
        ("event", "2026-11-21", 1440)
    ]
    full = archive_events(settings, account, now=NOW, full=True)
    assert full.proofs.height == first.proofs.height


def test_a_row_that_moves_to_another_day_leaves_no_proof_of_the_old_one(
    settings: Settings, account: Account, store: StoreFile, control: StoreFile
) -> None:
    fill(store, events=1)
    archive_events(settings, account, now=NOW)
    change(
        store,
        "update quarantine set quarantined_at = quarantined_at + interval 2 day, change_seq = nextval('change_seq')",
    )
    result = archive_events(settings, account, now=NOW)
    assert result.upserted["quarantine"] == 1
    proofs = rows(control, "select cast(day as varchar), equal from archive_proof where table_name = 'quarantine'")
    assert proofs == [("2026-11-22", True)]


DAMAGES = [
    (f"delete from event where event_id = {CELL + 5}", "event, 2026-11-20: 120 rows at the source, 119 archived"),  # noqa: S608
    (
        f"update event set email = 'x@example.com' where event_id = {CELL + 5}",  # noqa: S608
        "event, 2026-11-20: 120 rows at the source, 120 archived, contents differ",
    ),
    ("insert into event from event", "event, 2026-11-20: 120 rows at the source, 240 archived"),
    (
        "insert into tracking_url (account, url_id, change_seq) values ('alpha', 99, 1)",
        "tracking_url, all rows: 1 rows at the source, 2 archived",
    ),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=["row lost", "row altered", "rows twice", "row too many"])
def test_a_difference_fails_the_run_loudly_again_and_again_and_is_never_published(
    settings: Settings, account: Account, store: StoreFile, control: StoreFile, damage: tuple[str, str]
) -> None:
    query, told = damage
    fill(store, events=200)
    archive_events(settings, account, now=NOW)
    published = settings.published_control.read_bytes()
    change(control, query)
    for full in (True, False):
        with pytest.raises(ArchiveProofError, match="account alpha differs") as failure:
            archive_events(settings, account, now=NOW, full=full)
        assert told in str(failure.value)
    unequal = {table for (table,) in rows(control, "select table_name from archive_proof where not equal")}
    assert unequal == {told.partition(",")[0]}
    assert settings.published_control.read_bytes() == published


def test_rows_of_another_account_are_not_counted_as_ones_own(
    settings: Settings, account: Account, store: StoreFile, control: StoreFile
) -> None:
    beta = Account(name="beta", cell_id=4)
    other = StoreFile(settings.account_store("beta"), "account", 5)
    fill(store, events=50)
    fill(other, events=70, cell=4)
    archive_events(settings, account, now=NOW)
    archive_events(settings, beta, now=NOW)
    for each, source in ((account, store), (beta, other)):
        archive_events(settings, each, now=NOW, full=True)
        assert differing_tables(source, control, each.name) == []


def test_a_column_only_the_account_has_is_told_and_costs_nothing(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    change(store, "alter table event add column brand varchar default 'north'")
    fill(store, events=5)
    result = archive_events(settings, account, now=NOW)
    assert result.ignored_columns == {"event": ("brand",)}
    assert result.upserted["event"] == 5
    assert archive_events(settings, account, now=NOW, full=True).proof == "equal"


def test_a_column_only_the_archive_has_stays_as_it_is(
    settings: Settings, account: Account, store: StoreFile, control: StoreFile
) -> None:
    change(control, "alter table event add column brand varchar")
    fill(store, events=5)
    archive_events(settings, account, now=NOW)
    assert rows(control, "select distinct brand from event") == [(None,)]
    change(control, "update event set brand = 'kept'")
    change(store, "update event set reason = 'late', change_seq = nextval('change_seq')")
    assert archive_events(settings, account, now=NOW).upserted["event"] == 5
    assert rows(control, "select distinct brand, reason from event") == [("kept", "late")]


def test_a_column_that_the_archive_gets_later_is_filled_for_the_rows_already_there(
    settings: Settings, account: Account, store: StoreFile, control: StoreFile
) -> None:
    change(store, "alter table event add column brand varchar default 'north'")
    fill(store, events=5)
    archive_events(settings, account, now=NOW)
    change(control, "alter table event add column brand varchar")
    result = archive_events(settings, account, now=NOW)
    assert result.upserted["event"] == 5
    assert result.ignored_columns == {}
    assert rows(control, "select distinct brand from event") == [("north",)]
    assert set(archive_events(settings, account, now=NOW).upserted.values()) == {0}


def test_two_accounts_archive_at_once_and_what_is_published_is_whole(settings: Settings, control: StoreFile) -> None:
    accounts = [Account(name=name, cell_id=cell) for name, cell in (("alpha", 3), ("beta", 4), ("gamma", 5))]
    stores = {each.name: StoreFile(settings.account_store(each.name), "account", 5) for each in accounts}
    for each in accounts:
        fill(stores[each.name], events=400, cell=each.cell_id)
    done: dict[str, ArchiveResult] = {}

    def run(each: Account) -> None:
        done[each.name] = archive_events(settings.model_copy(update={"lock_wait_seconds": 60}), each, now=NOW)

    runs = [threading.Thread(target=run, args=(each,)) for each in accounts]
    for thread in runs:
        thread.start()
    seen = _watch(settings.published_control, runs)
    assert set(done) == {"alpha", "beta", "gamma"}
    for each in accounts:
        assert differing_tables(stores[each.name], control, each.name) == []
    assert seen == sorted(seen)
    with duckdb.connect(str(settings.published_control), read_only=True) as published:
        assert published.execute("select count(*), count(distinct account) from event").fetchall() == [(1200, 3)]


def _watch(path: Path, runs: list[threading.Thread]) -> list[int]:
    """The number of events published, read again and again while the runs last."""
    seen = []
    while any(thread.is_alive() for thread in runs):
        if path.exists():
            with duckdb.connect(str(path), read_only=True) as published:
                seen += [count for (count,) in published.execute("select count(*) from event").fetchall()]
        time.sleep(0.01)
    return seen


def test_rows_written_between_reading_and_proving_wait_for_the_next_run(
    settings: Settings, account: Account, store: StoreFile, control: StoreFile
) -> None:
    fill(store, events=20)
    with archive_folder(settings, account) as folder:
        changes = read_changes(settings, account, folder)
        fill(store, events=5, first=20)
        change(store, "update event set status = 'ignored', change_seq = nextval('change_seq') where event_id % 2 = 0")
        assert store_changes(settings, account, changes, now=NOW)["event"] == 20
        assert prove(settings, account, changes, now=NOW)["equal"].all()
    assert archive_events(settings, account, now=NOW).upserted["event"] == 15
    assert differing_tables(store, control, "alpha") == []


def test_a_second_run_for_an_account_waits_for_the_first_and_tells_who_runs(
    settings: Settings, account: Account
) -> None:
    hasty = settings.model_copy(update={"lock_wait_seconds": 0.1})
    with (
        archive_folder(settings, account),
        pytest.raises(StoreBusyError, match=r"alpha was not free .* archiving alpha"),
    ):
        archive_events(hasty, account, now=NOW)
