"""The data dictionary has every table and column of the archive, and the published database says the same."""

import duckdb
import pytest
from lives import ingest, publish

from deployments.render import DICTIONARY_PAGE
from tasks.account_run import AccountRun
from tasks.archive_events import archive_events
from tasks.contracts.archive_events import ARCHIVED_TABLES
from tasks.contracts.dictionary import COMMON, DICTIONARY, dictionary_page
from tasks.publish_control import publish_control
from tasks.store.connection import StoreFile, reading


@pytest.fixture
def archived(run: AccountRun, tmp_path: object) -> AccountRun:
    publish(run, [{"template_id": "t"}])
    ingest(run, [{"id": "1", "type": "order", "email": "ada@example.org"}], tmp_path)  # type: ignore[arg-type]
    archive_events(run.settings, run.account, now=run.now)
    publish_control(run.settings)
    return run


def test_every_table_and_column_is_explained(archived: AccountRun) -> None:
    assert set(DICTIONARY) == {table.name for table in ARCHIVED_TABLES}
    with reading(StoreFile(archived.settings.control_store, "control")) as session:
        rows = session.connection.execute("select table_name, column_name from duckdb_columns() where not internal")
        there = {(table, column) for table, column in rows.fetchall() if table in DICTIONARY}
    explained = {(table, column) for table, words in DICTIONARY.items() for column in COMMON | words.columns}
    assert there == explained


def test_the_published_database_says_what_its_columns_are(archived: AccountRun) -> None:
    with duckdb.connect(str(archived.settings.published_control), read_only=True) as con:
        columns = con.execute(
            "select table_name, column_name, comment from duckdb_columns() where not internal"
        ).fetchall()
        tables = con.execute("select view_name, comment from duckdb_views() where not internal").fetchall()
        tables += con.execute("select table_name, comment from duckdb_tables() where not internal").fetchall()
    said = {(table, column): words for table, column, words in columns if table in DICTIONARY}
    assert said == {
        (table, column): words
        for table, told in DICTIONARY.items()
        for column, words in (COMMON | told.columns).items()
    }
    assert {table: words for table, words in tables if table in DICTIONARY} == {
        table: f"A row is {told.is_a_row}." for table, told in DICTIONARY.items()
    }


def test_the_page_is_what_is_rendered() -> None:
    assert DICTIONARY_PAGE.read_text("utf-8") == dictionary_page()
