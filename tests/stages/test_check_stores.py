"""The check-up: a home that is well, and one broken thing at a time, each with what to do."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from archivables import change
from deliverables import Event, put_delivery
from deliverables import put_events as put_deliverable
from restored_lives import archive, begin, put_events, put_logs, work

from tasks.account_run import AccountRun, run_on
from tasks.check_stores import CheckUp, check_stores
from tasks.contracts.accounts import Account
from tasks.contracts.check_stores import Finding
from tasks.exchange.roster import add_account
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.lock import lock


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> AccountRun:
    """A home after a day's work, in which all is well, with a copy of it beside."""
    folder = tmp_path_factory.mktemp("day")
    settings = Settings(home=folder / "home", lock_wait_seconds=5)
    run = run_on(settings, Account(name="alpha", cell_id=3), datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    add_account(run.settings.roster_path, run.account)
    begin(run)
    put_events(run, "a", range(200))
    work(run)
    put_logs(run, "log", range(200), "delivered")
    work(run)
    archive(run)
    shutil.copytree(settings.home, folder / "kept")
    return run


@pytest.fixture
def well(day: AccountRun) -> AccountRun:
    """The same home, as it was: published data does not move."""
    shutil.rmtree(day.settings.home)
    shutil.copytree(day.settings.home.with_name("kept"), day.settings.home)
    return day


def serious(run: AccountRun, *, hours: int = 0, name: str | None = None) -> list[Finding]:
    """What somebody has to do something about, `hours` later."""
    findings = check_stores(CheckUp(run.settings, run.now + timedelta(hours=hours)), name)
    return [finding for finding in findings if finding.severity != "note"]


def files(home: Path) -> dict[Path, tuple[int, int]]:
    found = [path for path in home.rglob("*") if path.suffix not in {".lock", ".queue"} and path.is_file()]
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in found}


def test_a_home_after_a_days_work_is_well_and_stays_as_it_is(well: AccountRun) -> None:
    before = files(well.settings.home)
    assert serious(well) == []
    assert files(well.settings.home) == before


def test_what_a_run_that_died_left_beside_a_store_stays_there(well: AccountRun) -> None:
    path = account(well)
    log = path.with_name(f"{path.name}.wal")
    with duckdb.connect(str(path)) as connection:
        connection.execute("set checkpoint_threshold = '1 GB'")
        connection.execute("update event set reason = 'x'")
        left = path.read_bytes(), log.read_bytes()
    path.write_bytes(left[0])
    log.write_bytes(left[1])
    findings = check_stores(CheckUp(well.settings, well.now))
    assert any("a log of changes lies beside the file" in finding.what for finding in findings)
    assert (path.read_bytes(), log.read_bytes()) == left


def test_an_empty_home_is_well(settings: Settings, now: datetime) -> None:
    assert {finding.severity for finding in check_stores(CheckUp(settings, now))} == {"note"}
    assert not settings.control_store.exists()


def account(run: AccountRun) -> Path:
    return run.store.path


def control(run: AccountRun) -> Path:
    return run.settings.control_store


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 300_000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(50_000))


def another_database(path: Path) -> None:
    path.unlink()
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t (a integer)")


def spoil_blocks(path: Path) -> None:
    """Zeroes in every block but the headers."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        for start in range(12_288 + 100_000, size, 262_144):
            file.seek(start)
            file.write(bytes(2_000))


@pytest.mark.parametrize(
    "spoil",
    [
        cut,
        spoil_blocks,
        pytest.param(empty, marks=pytest.mark.long),
        pytest.param(foreign, marks=pytest.mark.long),
        pytest.param(another_database, marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("which", [account, control])
def test_a_store_that_cannot_be_read_is_a_finding(
    well: AccountRun, which: Callable[[AccountRun], Path], spoil: Callable[[Path], None]
) -> None:
    spoil(which(well))
    (finding, *_) = serious(well)
    assert finding.severity == "error"
    assert str(which(well)) in finding.where
    assert "message-center restore --account" in finding.do


def test_a_store_that_is_gone_is_a_finding_where_it_was_archived(well: AccountRun) -> None:
    delete(account(well))
    (finding,) = serious(well)
    assert "gone" in finding.what
    assert "restore --account alpha" in finding.do
    assert not account(well).exists()


CHANGES = {
    "unaccounted": ("delete from event where event_key = 'key-1'", "events are unaccounted for"),
    "repeated": ("insert into event from event limit 1", "event ids and"),
    "due": ("update event set status = 'pending'", "still pending"),
    "routed": ("delete from hand_over; update event set status = 'pending_delivery'", "are not handed over"),
    "stuck": ("update event set status = 'pending_delivery', processing_at = timestamptz '2026-11-01'", "final word"),
    "claimed": ("update delivery_batch set state = 'claimed'", "claimed by a run that died"),
    "unsure": (
        "update event set status = 'pending_delivery'; update hand_over set outcome = 'unsure'",
        "nobody knows whether",
    ),
    "parked": (
        "update delivery_log set applied = false, change_seq = 9999999, received_at = timestamptz '2026-11-01'",
        "have waited for their event",
    ),
    "newer": ("insert into schema_migration values ('9999_x', now())", "newer"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_wrong_within_a_store_is_a_finding(well: AccountRun, what: str) -> None:
    statements, told = CHANGES[what]
    change(well.store, *statements.split("; "))
    findings = serious(well, hours=2)
    assert any(told in finding.what and str(account(well)) == finding.where for finding in findings), findings
    assert serious(well, hours=2, name="alpha")


def test_a_clock_behind_the_newest_row_is_a_finding(well: AccountRun) -> None:
    (finding,) = serious(well, hours=-1)
    assert "the clock says 2026-11-23 11:00:00Z, its newest row is of 2026-11-23 12:00:00Z" in finding.what


def test_changes_that_nobody_archives_are_a_finding(well: AccountRun) -> None:
    put_events(well, "b", range(300, 303))
    work(well)
    assert serious(well) == []
    finding = next(one for one in serious(well, hours=3) if "not archived" in one.what)
    assert finding.do == "message-center archive --account alpha"


def test_an_older_store_put_in_place_by_hand_is_a_finding(well: AccountRun) -> None:
    older = account(well).read_bytes()
    put_events(well, "b", range(300, 303))
    work(well)
    archive(well)
    account(well).write_bytes(older)
    (finding,) = serious(well)
    assert "the archive is further" in finding.what
    assert "restore" in finding.do


def test_a_day_that_differs_or_lacks_its_proof_is_a_finding(well: AccountRun) -> None:
    store = StoreFile(control(well), "control")
    change(store, "update archive_proof set equal = false where table_name = 'event'")
    change(store, "update archive_proof set equal = null where table_name = 'delivery'")
    told = {finding.where: finding.severity for finding in serious(well)}
    assert told["control, account alpha, event"] == "error"
    assert told["control, account alpha, delivery"] == "warning"


def test_published_data_that_is_old_or_gone_is_a_finding(well: AccountRun) -> None:
    change(StoreFile(control(well), "control"), "update archive_state set change_seq = change_seq + 1")
    assert any("older than the control store" in finding.what for finding in serious(well))
    well.settings.published_control.unlink()
    assert any("published data cannot be read" in finding.what for finding in serious(well))


def test_a_store_without_an_account_and_a_roster_that_is_none_are_findings(well: AccountRun) -> None:
    other = run_on(well.settings, Account(name="beta", cell_id=9), well.now)
    change(other.store)
    (finding,) = serious(well)
    assert finding.where == str(other.store.path)
    well.settings.roster_path.write_text("[[account]")
    (finding,) = serious(well)
    assert finding.where == str(well.settings.roster_path)


def test_a_store_that_a_writer_does_not_leave_is_told_and_the_others_are_looked_at(well: AccountRun) -> None:
    hurried = run_on(well.settings.model_copy(update={"lock_wait_seconds": 0.2}), well.account, well.now)
    with lock(well.store.lock_path, exclusive=True, wait_seconds=1, purpose="a long import"):
        (finding,) = serious(hurried)
    assert finding.severity == "warning"
    assert "a long import" in finding.what


def test_leftovers_are_told_and_trouble_nobody(well: AccountRun) -> None:
    home = well.settings.home
    (home / "spool" / "archive_events" / "alpha").mkdir(parents=True)
    (home / "backups" / ".alpha-1.part").mkdir(parents=True)
    note = {"pid": 2**22 + 1, "purpose": "a test", "since": "2026-11-23T10:00:00+00:00", "flow_run": None}
    well.store.lock_path.write_text(json.dumps(note))
    findings = check_stores(CheckUp(well.settings, well.now))
    assert {finding.severity for finding in findings} == {"note"}
    told = " ".join(finding.where for finding in findings)
    assert all(name in told for name in ("spool/archive_events/alpha", ".alpha-1.part", "alpha.lock"))


def test_events_that_were_claimed_a_moment_ago_are_no_finding_while_a_run_delivers(
    run: AccountRun, store: StoreFile
) -> None:
    add_account(run.settings.roster_path, run.account)
    put_delivery(store)
    put_deliverable(store, [Event(1)])
    change(store, "insert into delivery_batch values ('b', 1, 'outbox', 'claimed', null, 1, now(), null)")
    assert any("claimed" in finding.what for finding in serious(run))
    for queue in ("batch", "rt"):
        alone = store.path.with_suffix(f".{queue}.deliver.lock")
        with lock(alone, exclusive=True, wait_seconds=1, purpose="delivering events"):
            assert not any("claimed" in finding.what for finding in serious(run))
