"""Purging: what goes, what stays, and what remains true afterwards."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from archivables import NOW, change, fill, rows

from tasks.archive_events import ArchiveProofError, archive_events
from tasks.contracts.accounts import Account, Retention
from tasks.purge_events import purge_events
from tasks.settings import Settings
from tasks.store import purge_events as in_store
from tasks.store.connection import StoreFile, reading
from tasks.store.conservation import balance
from tasks.store.migrate import StoreKind
from tasks.store.published import reading_published

CELL = 3 * 2**56
ACCOUNT_TABLES = ("event", "hand_over", "delivery_batch", "delivery_log", "tracking_log", "queue_sample")
ARCHIVE_TABLES = ("archived_event", "archived_delivery_log", "archived_tracking_log", "archived_queue_sample")
NOTHING = dict.fromkeys((*ACCOUNT_TABLES, *ARCHIVE_TABLES), 0)


FIRST_EVENT = datetime(2026, 11, 20, 22, tzinfo=UTC)


def days_later(days: int) -> datetime:
    return FIRST_EVENT + timedelta(days=days)


@pytest.fixture
def control(settings: Settings) -> StoreFile:
    return StoreFile(settings.control_store, "control", 5)


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(name="alpha", cell_id=3)


@pytest.fixture(scope="module")
def archived_home(tmp_path_factory: pytest.TempPathFactory, account: Account) -> Path:
    """A home whose account `alpha` has 200 sent events of 2026-11-20 and 21, archived."""
    settings = Settings(home=tmp_path_factory.mktemp("archived"))
    fill(StoreFile(settings.account_store("alpha"), "account", 5), events=200)
    archive_events(settings, account, now=NOW)
    return settings.home


@pytest.fixture
def archived(archived_home: Path, settings: Settings, store: StoreFile) -> StoreFile:
    """The account's store in a copy of that home."""
    shutil.copytree(archived_home, settings.home)
    return store


def all_rows(store: StoreFile) -> dict[str, list[tuple[Any, ...]]]:
    with reading(store) as session:
        run = session.connection.execute
        tables = run("select table_name from duckdb_tables() where database_name = 'store'").fetchall()
        return {name: run(f"select * from {name} order by all").fetchall() for (name,) in tables}  # noqa: S608


def purge(settings: Settings, account: Account, *, days: int, dry_run: bool = False) -> dict[str, int]:
    """What a purge so many days later deletes, but for tables without a row to go."""
    result = purge_events(settings, account, now=days_later(days), dry_run=dry_run)
    assert result.dry_run == dry_run
    assert list(result.deleted) == list(NOTHING)
    return {table: count for table, count in result.deleted.items() if count}


@pytest.mark.parametrize("days", [30, 365])
def test_a_dry_run_tells_what_an_apply_then_deletes_and_changes_nothing(
    settings: Settings, account: Account, archived: StoreFile, control: StoreFile, days: int
) -> None:
    before = all_rows(archived), all_rows(control)
    written = archived.path.stat().st_mtime_ns, control.path.stat().st_mtime_ns
    told = purge(settings, account, days=days, dry_run=True)
    assert (all_rows(archived), all_rows(control)) == before
    assert (archived.path.stat().st_mtime_ns, control.path.stat().st_mtime_ns) == written

    assert purge(settings, account, days=days) == told
    assert bool(told) == (days > 30)
    for table in ("event", "delivery_log", "tracking_log", "queue_sample"):
        gone = told.get(table, 0), told.get(f"archived_{table}", 0)
        left = [len(all_rows(side)[table]) for side in (archived, control)]
        assert left == [len(side[table]) - count for side, count in zip(before, gone, strict=True)]


def test_each_table_is_kept_for_its_own_days(settings: Settings, account: Account, archived: StoreFile) -> None:
    assert purge(settings, account, days=30) == {}
    assert purge(settings, account, days=32) == {"event": 200}
    assert purge(settings, account, days=182) == {"delivery_log": 200, "archived_delivery_log": 200}
    assert purge(settings, account, days=362) == {
        "tracking_log": 1, "queue_sample": 1, "archived_event": 200, "archived_tracking_log": 1,
        "archived_queue_sample": 1,
    }  # fmt: skip
    assert purge(settings, account, days=10_000) == {}
    assert balance(archived).holds


def test_an_account_may_keep_rows_for_other_times(settings: Settings, archived: StoreFile) -> None:
    hasty = Account(name="alpha", cell_id=3, retention=Retention(event_days=1, archived_event_days=2))
    assert purge(settings, hasty, days=3) == {"event": 200, "archived_event": 200}
    assert balance(archived).purged == 200


def test_the_same_purge_again_finds_nothing_and_touches_nothing(
    settings: Settings, account: Account, archived: StoreFile, control: StoreFile
) -> None:
    purge(settings, account, days=400)
    before = all_rows(archived), all_rows(control)
    assert purge(settings, account, days=400) == {}
    assert (all_rows(archived), all_rows(control)) == before


@pytest.mark.usefixtures("archived")
def test_the_proof_stays_equal_through_every_purge(settings: Settings, account: Account, control: StoreFile) -> None:
    for days in (32, 182, 362):
        purge(settings, account, days=days)
        assert archive_events(settings, account, now=NOW).proof == "equal"
        assert archive_events(settings, account, now=NOW, full=True).proof == "equal"
        told = rows(control, "select source_rows from archive_proof where table_name = 'event' order by all")
        assert told == [(80,), (120,)]


def test_a_day_goes_on_after_a_purge_and_is_still_proved(
    settings: Settings, account: Account, archived: StoreFile
) -> None:
    purge(settings, account, days=400)
    fill(archived, events=10, first=200)
    result = archive_events(settings, account, now=NOW)
    days = result.proofs.filter(table_name="event").select("source_rows", "archived_rows", "equal").rows()
    assert days == [(120, 120, True), (90, 90, True)]
    assert purge(settings, account, days=400)["archived_event"] == 10
    assert archive_events(settings, account, now=NOW, full=True).proof == "equal"


LOSSES = [
    ("account", f"delete from event where event_id = {CELL + 150}", "event, 2026-11-21: 79 rows at the source, 80"),  # noqa: S608
    ("control", f"delete from event where event_id = {CELL + 150}", "event, 2026-11-21: 80 rows at the source, 79"),  # noqa: S608
    ("control", f"delete from event where event_id = {CELL + 20}", "event, 2026-11-20: 120 rows at the source, 119"),  # noqa: S608
    ("control", f"update event set reason = 'x' where event_id = {CELL + 130}", "2026-11-21: 80 .* contents differ"),  # noqa: S608
    ("control", f"update event set reason = 'x' where event_id = {CELL + 20}", "2026-11-20: 120 .* contents differ"),  # noqa: S608
    ("account", "update purged set rows = rows - 1 where rows = 20", "event, 2026-11-21: 79 rows at the source, 80"),
]
"""What may befall a day that is half purged (events 120 to 139 of 2026-11-21) or whole (2026-11-20)."""


@pytest.fixture(scope="module")
def half_purged_home(archived_home: Path, tmp_path_factory: pytest.TempPathFactory, account: Account) -> Path:
    """The home after a purge of the first 140 events, proved, and all proofs due again."""
    home = tmp_path_factory.mktemp("half")
    shutil.copytree(archived_home, home, dirs_exist_ok=True)
    settings, half = Settings(home=home), FIRST_EVENT + timedelta(days=30, minutes=140)
    assert purge_events(settings, account, now=half, dry_run=False).deleted["event"] == 140
    proofs = archive_events(settings, account, now=NOW).proofs.filter(table_name="event")
    assert proofs["equal"].to_list() == [True, True]
    change(StoreFile(settings.control_store, "control", 5), "update archive_proof set equal = null")
    return home


@pytest.mark.parametrize("loss", LOSSES)
def test_what_vanished_or_changed_otherwise_fails_the_next_proof(
    half_purged_home: Path, settings: Settings, account: Account, loss: tuple[StoreKind, str, str]
) -> None:
    side, damage, told = loss
    shutil.copytree(half_purged_home, settings.home)
    path = settings.account_store("alpha") if side == "account" else settings.control_store
    change(StoreFile(path, side, 5), damage)
    with pytest.raises(ArchiveProofError, match=told):
        archive_events(settings, account, now=NOW)


def test_the_archive_run_after_a_purge_proves_the_days_that_it_took_from(
    settings: Settings, account: Account, archived: StoreFile
) -> None:
    purge(settings, account, days=32)
    change(archived, "delete from purged where rows = 80")
    with pytest.raises(ArchiveProofError, match="event, 2026-11-21: 0 rows at the source, 80 archived"):
        archive_events(settings, account, now=NOW)


def test_a_day_purged_in_other_columns_is_proved_by_its_rows(
    settings: Settings, account: Account, archived: StoreFile, control: StoreFile
) -> None:
    purge(settings, account, days=32)
    for side in (archived, control):
        change(side, "alter table event add column brand varchar")
    assert archive_events(settings, account, now=NOW, full=True).proof == "equal"
    change(control, f"delete from event where event_id = {CELL + 20}")  # noqa: S608
    with pytest.raises(ArchiveProofError, match="2026-11-20: 120 rows at the source, 119 archived"):
        archive_events(settings, account, now=NOW, full=True)


KEPT = {
    "changed since it was archived": "update event set reason = 'late', change_seq = nextval('change_seq') {where}",
    "not final": "update event set status = 'pending_delivery' {where}",
    "not final either": "update event set status = 'pending' {where}",
    "decided of late": "update event set processed_at = timestamptz '2026-12-20 00:00:00+00' {where}",
    "named by a log row that waits": "update delivery_log set applied = false {where}",
    "named through its message by a log row that waits": """
        update delivery_log set provider_message_id = 'm-7' {where};
        insert into delivery_log by name select uuid() as log_key, 'm-7' as provider_message_id, 'bounced' as kind,
        now() as logged_at, now() as received_at, false as applied, nextval('change_seq') as change_seq""",
    "in a batch that is not settled": """
        insert into hand_over select event_id, 'b-1', null from event {where};
        insert into delivery_batch values ('b-1', 1, 'outbox', 'claimed', null, 1, now(), null)""",
}


def test_an_event_that_still_matters_stays_and_its_archived_row_too(
    settings: Settings, account: Account, archived: StoreFile, control: StoreFile
) -> None:
    kept = {f"key-{i}": why for i, why in enumerate(KEPT, start=7)}
    for i, queries in enumerate(KEPT.values(), start=7):
        change(archived, *queries.format(where=f"where event_id = {CELL + i}").split(";"))
    hasty = account.model_copy(update={"retention": Retention(event_days=1, archived_event_days=1)})
    told = purge(settings, hasty, days=20, dry_run=True)
    assert (told["event"], told["archived_event"]) == (193, 193)
    assert purge(settings, hasty, days=20) == told
    for side in (archived, control):
        assert {kept.get(key, key) for (key,) in rows(side, "select event_key from event")} == set(KEPT)


def test_logs_stay_as_long_as_their_event_and_while_they_wait(
    settings: Settings, account: Account, archived: StoreFile, control: StoreFile
) -> None:
    change(
        archived,
        f"update event set status = 'pending_delivery' where event_id = {CELL + 7}",  # noqa: S608
        f"update delivery_log set applied = false where event_id = {CELL + 8}",  # noqa: S608
        f"update delivery_log set received_at = timestamptz '2027-05-15 00:00:00+00' where event_id = {CELL + 9}",  # noqa: S608
        f"update delivery_log set change_seq = nextval('change_seq') where event_id = {CELL + 10}",  # noqa: S608
    )
    told = purge(settings, account, days=185, dry_run=True)
    assert (told["event"], told["delivery_log"], told["archived_delivery_log"]) == (198, 196, 196)
    assert purge(settings, account, days=185) == told
    for side in (archived, control):
        assert rows(side, "select event_id from delivery_log order by all") == [(CELL + i,) for i in (7, 8, 9, 10)]


def test_what_was_never_archived_never_goes(settings: Settings, account: Account, store: StoreFile) -> None:
    fill(store, events=10)
    assert purge(settings, account, days=10_000) == {}
    assert len(all_rows(store)["event"]) == 10


@pytest.mark.usefixtures("archived")
def test_the_rows_of_another_account_are_nobody_elses_to_purge(
    settings: Settings, account: Account, control: StoreFile
) -> None:
    beta = Account(name="beta", cell_id=4)
    fill(StoreFile(settings.account_store("beta"), "account", 5), events=30, cell=4)
    archive_events(settings, beta, now=NOW)
    purge(settings, account, days=400)
    assert rows(control, "select account, count(*) from event group by all") == [("beta", 30)]
    assert archive_events(settings, beta, now=NOW, full=True).proof == "equal"


def test_claims_and_settled_batches_go_with_the_last_of_their_events(
    settings: Settings, account: Account, archived: StoreFile
) -> None:
    batch = "insert into delivery_batch select {0}, 1, 'outbox', 'confirmed', null, 100, {1}, {1}"
    instants = "timestamptz '2026-11-20 23:00:00+00'", "timestamptz '2026-12-19 00:00:00+00'"
    change(
        archived,
        "insert into hand_over select event_id, 'batch-' || ((event_id % 200) // 100), 'taken' from event",
        batch.format("'batch-0'", instants[0]),
        batch.format("'batch-1'", instants[0]),
        batch.format("'returned'", instants[0]),
        batch.format("'returned of late'", instants[1]),
        f"update event set status = 'pending_delivery' where event_id = {CELL + 150}",  # noqa: S608
    )
    told = purge(settings, account, days=32, dry_run=True)
    assert (told["event"], told["hand_over"]) == (199, 199)
    assert purge(settings, account, days=32) == told
    last = rows(archived, f"select batch_id from hand_over where event_id = {CELL + 150}")  # noqa: S608
    assert rows(archived, "select batch_id from hand_over") == last
    left = {batch_id for (batch_id,) in rows(archived, "select batch_id from delivery_batch")}
    assert left == {last[0][0], "returned of late"}


@pytest.mark.usefixtures("archived")
def test_what_leaves_the_archive_leaves_what_is_published_too(
    settings: Settings, account: Account, control: StoreFile
) -> None:
    held = set(rows(control, "select 'event', account, change_seq from event"))
    purge(settings, account, days=32)
    assert rows(control, "from superseded_row") == []
    purge(settings, account, days=400)
    noted = rows(control, "select table_name, account, change_seq from superseded_row where table_name = 'event'")
    assert (len(noted), set(noted)) == (200, held)
    archive_events(settings, account, now=NOW)
    with reading_published(settings.published_control) as session:
        for table in ("event", "delivery_log", "tracking_log", "queue_sample"):
            assert session.connection.execute(f"select count(*) from {table}").fetchall() == [(0,)]  # noqa: S608
        assert session.connection.execute("select count(*) from delivery").fetchall() == [(1,)]


def test_events_made_by_a_replay_are_still_accounted_for_when_they_are_gone(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    fill(store, events=20)
    change(
        store,
        f"update event set parent_event_id = {CELL} where event_id % 4 = 1",  # noqa: S608
        "update ingested_file set accepted = 15, rows = 16",
    )
    archive_events(settings, account, now=NOW)
    assert balance(store).holds
    purge(settings, account, days=32)
    assert (balance(store).holds, balance(store).purged, balance(store).accepted) == (True, 20, 20)


def test_after_each_chunk_nothing_is_unaccounted_for(
    settings: Settings, account: Account, archived: StoreFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    balances = []
    purged = in_store.purge_chunk

    def watched(*args: Any, **kwargs: Any) -> dict[str, int]:
        gone = purged(*args, **kwargs)
        balances.append(balance(archived))
        return gone

    monkeypatch.setattr(in_store, "purge_chunk", watched)
    small = settings.model_copy(update={"purge_chunk_rows": 70})
    assert purge(small, account, days=32) == {"event": 200}
    assert [(each.holds, each.purged) for each in balances] == [(True, 70), (True, 140), (True, 200)]


def test_a_row_that_changes_between_choosing_and_deleting_stays(
    settings: Settings, account: Account, archived: StoreFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    purged = in_store.purge_chunk

    def late(*args: Any, **kwargs: Any) -> dict[str, int]:
        change(
            archived,
            "update event set status = 'delivery_failed', change_seq = nextval('change_seq') "  # noqa: S608
            f"where event_id = {CELL + 3}",
            f"update delivery_log set applied = false where event_id = {CELL + 4}",  # noqa: S608
        )
        monkeypatch.setattr(in_store, "purge_chunk", purged)
        return purged(*args, **kwargs)

    monkeypatch.setattr(in_store, "purge_chunk", late)
    assert purge(settings, account, days=32) == {"event": 198}
    assert rows(archived, "select event_id from event order by all") == [(CELL + 3,), (CELL + 4,)]
