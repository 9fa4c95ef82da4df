"""Reading what is published: the data, and nothing but the data."""

from pathlib import Path

import duckdb
import pytest
from archivables import NOW, change, fill

from tasks.archive_events import archive_events
from tasks.contracts.accounts import Account
from tasks.exchange.publish_control import is_published, publish_file
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.lock import StoreBusyError
from tasks.store.published import NothingPublishedError, QueryError, at_rest, check_readable, query_published


@pytest.fixture
def published(settings: Settings, account: Account, store: StoreFile) -> Path:
    fill(store, events=30)
    archive_events(settings, account, now=NOW)
    return settings.published_control


def test_a_query_gives_rows_and_no_more_than_the_limit(published: Path) -> None:
    frame = query_published(published, "select event_id, account, ctx, created_at from event order by 1", limit=7)
    assert frame.height == 7
    assert frame.row(0)[:2] == (3 * 2**56, "alpha")
    assert str(frame.schema["created_at"]) == "Datetime(time_unit='us', time_zone='UTC')"
    assert query_published(published, "select count(*) as events from event;", limit=7).rows() == [(30,)]
    assert "event" in query_published(published, "show tables", limit=100)["name"].to_list()


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
        "attach '{other}' as other",
        "set enable_external_access = true",
        "set threads = 1",
    ],
)
def test_a_query_that_is_wrong_writes_or_reaches_out_is_refused(published: Path, tmp_path: Path, query: str) -> None:
    other = tmp_path / "other.csv"
    other.write_text("secret\n1\n")
    with pytest.raises(QueryError):
        query_published(published, query.format(other=other), limit=10)
    assert other.read_text() == "secret\n1\n"
    assert query_published(published, "select count(*) as events from event", limit=1).rows() == [(30,)]


def test_any_duckdb_opens_it_and_the_report_views_read_the_same_under_another_name(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as plain:
        mine = [plain.execute(f"from {view}").fetchall() for view in ("service_level", "processing_time")]
        assert plain.execute("select sum(events) from event_history_cube").fetchall() == [(30,)]
    with duckdb.connect() as plain:
        plain.execute(f"attach '{published}' as archive (read_only)")
        assert mine == [
            plain.execute(f"from archive.{view}").fetchall() for view in ("service_level", "processing_time")
        ]


def test_a_reader_keeps_what_it_opened_while_new_data_takes_its_place(
    settings: Settings, account: Account, store: StoreFile, published: Path
) -> None:
    with duckdb.connect(str(published), read_only=True) as early:
        fill(store, events=5, first=30)
        assert archive_events(settings, account, now=NOW).published
        assert early.execute("select count(*), count(ctx) from event").fetchall() == [(30, 30)]
    assert query_published(published, "select count(*) as events from event", limit=1).rows() == [(35,)]
    assert sorted(path.name for path in published.parent.iterdir()) == [
        "control.duckdb",
        "control.lock",
        "control.queue",
    ]


def test_what_a_killed_writer_left_beside_the_store_is_published_too(settings: Settings, published: Path) -> None:
    path, log = settings.control_store, settings.control_store.with_name("control.duckdb.wal")
    with duckdb.connect(str(path)) as writer:
        writer.execute("pragma disable_checkpoint_on_shutdown")
        writer.execute("insert into event (account, event_id, change_seq) values ('zeta', 1, 1)")
    assert log.exists()
    control = StoreFile(path, "control", 5)
    with at_rest(control) as source:
        assert not log.exists()
        assert not is_published(source, published)
        publish_file(source, published, check=check_readable)
        assert is_published(source, published)
    found = query_published(published, "select event_id from event where account = 'zeta'", limit=5)
    assert found.rows() == [(1,)]


@pytest.mark.usefixtures("published")
def test_nobody_writes_to_a_store_at_rest(settings: Settings) -> None:
    control = StoreFile(settings.control_store, "control", 0.1)
    with at_rest(control), pytest.raises(StoreBusyError):
        change(control, "delete from event")


def test_a_copy_that_cannot_be_read_never_takes_the_place_of_a_good_one(tmp_path: Path, published: Path) -> None:
    torn = tmp_path / "torn.duckdb"
    torn.write_bytes(published.read_bytes()[:5000])
    good = published.read_bytes()
    with pytest.raises(duckdb.Error):
        publish_file(torn, published, check=check_readable)
    assert published.read_bytes() == good
