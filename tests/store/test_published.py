"""Reading what is published: the data, and nothing but the data."""

import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest
from archivables import NOW, change, fill

from tasks.archive_events import archive_events
from tasks.contracts.accounts import Account
from tasks.contracts.archive_events import ARCHIVED_TABLES
from tasks.contracts.publish_control import parts_folder
from tasks.exchange.publish_control import clear_old_editions, edition_in_force
from tasks.publish_control import publish_control
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.published import NothingPublishedError, QueryError, query_published


class Analyst:
    """Another process that has published data open, and answers queries until it is left."""

    def __init__(self, path: Path, *, read_only: bool = True) -> None:
        program = (
            "import sys, duckdb\n"
            f"con = duckdb.connect(sys.argv[1], read_only={read_only})\n"
            "print('ready', flush=True)\n"
            "for query in sys.stdin: print(con.execute(query).fetchall(), flush=True)"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Analyst":
        assert self._line() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)

    def ask(self, query: str) -> str:
        assert self._process.stdin
        self._process.stdin.write(query + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().rstrip()


@pytest.fixture
def published(settings: Settings, account: Account, store: StoreFile) -> Path:
    fill(store, events=30)
    archive_events(settings, account, now=NOW)
    return settings.published_control


@pytest.fixture(scope="module")
def to_query(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published data that nothing happens to."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), lock_wait_seconds=5)
    fill(StoreFile(settings.account_store("alpha"), "account", 5), events=30)
    archive_events(settings, Account(name="alpha", cell_id=3), now=NOW)
    return settings.published_control


def test_a_query_gives_rows_and_no_more_than_the_limit(to_query: Path) -> None:
    frame = query_published(to_query, "select event_id, account, ctx, created_at from event order by 1", limit=7)
    assert frame.height == 7
    assert frame.row(0)[:2] == (3 * 2**56, "alpha")
    assert str(frame.schema["created_at"]) == "Datetime(time_unit='us', time_zone='UTC')"
    assert query_published(to_query, "select count(*) as events from event;", limit=7).rows() == [(30,)]
    assert "event" in query_published(to_query, "show tables", limit=100)["name"].to_list()


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("pivot event on channel using count(*) group by account;", ("alpha", 30)),
        (
            "with y as (from event) from (pivot y on channel using count(*) group by queue) order by 1 limit 1 -- all",
            ("batch", 15),
        ),
        ("select {'interval': 1}, interval 1 day", ({"interval": 1}, "1 day")),
        ("select union_value(a := 1), [interval 1 day], map{1: interval 1 day}", ("1", "[1 day]", "{1=1 day}")),
        ("select [date '9999-12-31', null]", ([date(9999, 12, 31), None],)),
    ],
)
def test_a_query_of_any_shape_and_type_is_answered(to_query: Path, query: str, row: tuple[object, ...]) -> None:
    assert query_published(to_query, query, limit=7).rows() == [row]


def test_without_published_data_the_next_command_is_told(settings: Settings) -> None:
    with pytest.raises(NothingPublishedError, match="message-center archive --account NAME"):
        query_published(settings.published_control, "select 1", limit=1)


@pytest.mark.parametrize(
    "query",
    [
        "selec 1",
        "select * from nowhere",
        "",
        "delete from event",
        "create table mine (a integer)",
        "from read_text('{other}')",
        "from '{other}'",
        "from glob('{other}')",
        "copy event to '{other}'",
        "copy (select 1) to '{parts}/mine.csv'",
        "explain analyze copy (select 1) to '{parts}/mine.csv'",
        "select 1; copy (select 1) to '{parts}/mine.csv'",
        "copy (pivot event on channel using count(*)) to '{parts}/mine.csv'",
        "pivot event on channel using count(*); copy (pivot event on channel using count(*)) to '{parts}/mine.csv'",
        "create temp table mine as pivot event on channel using count(*)",
        "export database '{parts}/mine'",
        "select date 'infinity'",
        "select [{{'a': timestamptz '10000-01-01'}}]",
        "select map{{1: timestamp_s '290000-01-01'}}",
        "attach '{other}' as other",
        "set enable_external_access = true",
        "set threads = 1",
    ],
)
def test_a_query_that_is_wrong_writes_or_reaches_out_is_refused(to_query: Path, tmp_path: Path, query: str) -> None:
    other = tmp_path / "other.csv"
    other.write_text("secret\n1\n")
    with pytest.raises(QueryError):
        query_published(to_query, query.format(other=other, parts=parts_folder(to_query)), limit=10)
    assert not list(parts_folder(to_query).glob("mine*"))
    assert other.read_text() == "secret\n1\n"
    assert query_published(to_query, "select count(*) as events from event", limit=1).rows() == [(30,)]


def test_any_duckdb_opens_it_and_the_report_views_read_the_same_under_another_name(to_query: Path) -> None:
    with duckdb.connect(str(to_query), read_only=True) as plain:
        mine = [plain.execute(f"from {view}").fetchall() for view in ("service_level", "processing_time")]
        assert plain.execute("select sum(events) from event_history_cube").fetchall() == [(30,)]
    with duckdb.connect() as plain:
        plain.execute(f"attach '{to_query}' as archive (read_only)")
        assert mine == [
            plain.execute(f"from archive.{view}").fetchall() for view in ("service_level", "processing_time")
        ]


def editions(published: Path) -> list[int]:
    return sorted(int(path.stem) for path in parts_folder(published).glob("*.duckdb"))


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all archived tables."""
    with duckdb.connect(str(path), read_only=True) as plain:
        return {table.name: plain.execute(f"from {table.name} order by all").fetchall() for table in ARCHIVED_TABLES}


def test_a_reader_keeps_what_it_opened_while_new_data_takes_its_place(
    settings: Settings, account: Account, store: StoreFile, published: Path
) -> None:
    asked = "select count(*), count(ctx), any_value(status) from event"
    with duckdb.connect(str(published), read_only=True) as ours, Analyst(published) as theirs:
        for first in range(30, 60, 5):
            fill(store, events=5, first=first)
            change(store, "update event set status = 'delivery_failed', change_seq = nextval('change_seq')")
            assert archive_events(settings, account, now=NOW).published
            clear_old_editions(published, grace_seconds=0)
            assert ours.execute(asked).fetchall() == [(30, 30, "sent")]
            assert theirs.ask(asked) == "[(30, 30, 'sent')]"
            assert len(editions(published)) == 2
    assert query_published(published, "select count(*) as events from event", limit=1).rows() == [(60,)]
    clear_old_editions(published, grace_seconds=0)
    assert len(editions(published)) == 1
    files = {path.name for path in parts_folder(published).glob("*.parquet")}
    assert files == edition_in_force(published).files


def test_an_edition_just_replaced_stays_for_those_who_are_about_to_open_it(
    settings: Settings, account: Account, store: StoreFile, published: Path
) -> None:
    fill(store, events=5, first=30)
    archive_events(settings, account, now=NOW)
    assert editions(published) == [1, 2]
    assert clear_old_editions(published, grace_seconds=0) == [2]


def test_published_is_what_the_control_store_holds_whatever_changed(
    settings: Settings, account: Account, store: StoreFile, published: Path
) -> None:
    other = Account(name="beta", cell_id=4)
    other_store = StoreFile(settings.account_store("beta"), "account", 5)
    for first in range(30, 150, 30):
        fill(store, events=30, first=first)
        fill(other_store, events=10, first=first, cell=4)
        change(
            store,
            "update event set status = 'ignored', change_seq = nextval('change_seq') where event_id % 7 = 3",
            "update template set paused = not paused, change_seq = nextval('change_seq')",
            "update quarantine set reason = 'again', change_seq = nextval('change_seq')",
        )
        for each in (account, other):
            archive_events(settings, each, now=NOW)
            assert contents(published) == contents(settings.control_store)
    assert edition_in_force(published).tables
    assert any(table.hidden for table in edition_in_force(published).tables)


def test_rows_deleted_from_the_control_store_are_published_no_longer(settings: Settings, published: Path) -> None:
    control = StoreFile(settings.control_store, "control", 5)
    change(
        control,
        "insert into superseded_row by name select 'event' as table_name, account, change_seq from event limit 3",
        "delete from event where change_seq in (select change_seq from superseded_row)",
    )
    assert publish_control(settings)
    assert contents(published)["event"] == contents(settings.control_store)["event"]
    change(control, "delete from event where event_id % 2 = 0")  # by somebody who tells nobody
    assert publish_control(settings)
    assert contents(published)["event"] == contents(settings.control_store)["event"]


def test_a_column_that_the_archive_gets_later_is_published_with_all_rows(
    settings: Settings, account: Account, store: StoreFile, published: Path
) -> None:
    control = StoreFile(settings.control_store, "control", 5)
    for each in (store, control):
        change(each, "alter table event add column campaign varchar")
    change(store, "update event set campaign = 'spring'")
    archive_events(settings, account, now=NOW)
    found = query_published(published, "select count(*), min(campaign), max(campaign) from event", limit=1)
    assert found.rows() == [(30, "spring", "spring")]


def test_a_control_store_put_back_to_an_older_state_is_published_as_it_is(
    settings: Settings, account: Account, store: StoreFile, published: Path
) -> None:
    older = settings.control_store.read_bytes()
    for first in (30, 40):
        fill(store, events=5, first=first)
        change(store, "update event set status = 'ignored', change_seq = nextval('change_seq') where event_id % 3 = 0")
        archive_events(settings, account, now=NOW)
    settings.control_store.write_bytes(older)
    assert publish_control(settings)
    assert contents(published) == contents(settings.control_store)
    archive_events(settings, account, now=NOW)
    assert contents(published) == contents(settings.control_store)
    assert query_published(published, "select count(*) from event", limit=1).rows() == [(40,)]


def test_a_control_store_put_back_and_archived_into_since_is_published_as_it_is(
    settings: Settings, account: Account, store: StoreFile, published: Path
) -> None:
    older = settings.control_store.read_bytes()
    recount = (
        "update event set error_count = error_count + 1, change_seq = nextval('change_seq') where event_id % 3 = 0"
    )
    for _ in range(3):
        change(store, recount)
        archive_events(settings, account, now=NOW)
    settings.control_store.write_bytes(older)
    for _ in range(3):
        change(store, recount)
        archive_events(settings, account, now=NOW)
        assert contents(published) == contents(settings.control_store)


@pytest.mark.parametrize("lost", ["control.duckdb", "control.parts", "a file", "all"])
def test_published_data_that_was_lost_or_moved_is_made_again(settings: Settings, published: Path, lost: str) -> None:
    before = contents(published)
    folder = parts_folder(published)
    if lost == "a file":
        next(folder.glob("event-*.parquet")).unlink()
    for path in [published, folder] if lost == "all" else [published.with_name(lost)]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    assert publish_control(settings)
    assert contents(published) == before
    assert not publish_control(settings)


def test_what_a_killed_writer_left_beside_the_store_is_published_too(settings: Settings, published: Path) -> None:
    path = settings.control_store
    with duckdb.connect(str(path)) as writer:
        writer.execute("pragma disable_checkpoint_on_shutdown")
        writer.execute("update archive_state set change_seq = change_seq + 1 where table_name = 'event'")
        writer.execute("insert into event (account, event_id, change_seq) select account, 1, change_seq "
                       "from archive_state where table_name = 'event'")  # fmt: skip
    assert path.with_name("control.duckdb.wal").exists()
    assert publish_control(settings)
    assert query_published(published, "select event_id from event where event_id = 1", limit=5).rows() == [(1,)]


def test_what_an_analyst_wrote_beside_the_old_catalogue_is_not_read_with_the_new(
    settings: Settings, account: Account, store: StoreFile, published: Path
) -> None:
    published.chmod(0o644)
    with Analyst(published, read_only=False) as analyst:
        analyst.ask("create table mine as select 1 as one")
        assert published.with_name("control.duckdb.wal").exists()
        fill(store, events=5, first=30)
        archive_events(settings, account, now=NOW)
        with duckdb.connect(str(published), read_only=True) as plain:
            assert plain.execute("select count(*) from event").fetchall() == [(35,)]
            assert "mine" not in {name for (name,) in plain.execute("show tables").fetchall()}
        assert analyst.ask("select count(*) from event") == "[(30,)]"


def test_a_catalogue_that_cannot_be_read_never_takes_the_place_of_a_good_one(
    settings: Settings, account: Account, store: StoreFile, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_nonsense(path: Path, *_: object) -> None:
        path.write_bytes(published.read_bytes()[:5000])

    good = contents(published)
    monkeypatch.setattr("tasks.store.publish_control.write_catalogue", write_nonsense)
    fill(store, events=5, first=30)
    with pytest.raises(duckdb.Error):
        archive_events(settings, account, now=NOW)
    assert contents(published) == good


def test_a_home_that_moved_is_published_anew(settings: Settings, published: Path, tmp_path: Path) -> None:
    before = contents(published)
    moved = settings.model_copy(update={"home": tmp_path / "moved"})
    settings.home.rename(moved.home)
    assert publish_control(moved)
    assert contents(moved.published_control) == before
