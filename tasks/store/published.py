"""The published control data: what it takes to publish it, and reading it without reaching anything else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
import polars as pl
import pyarrow as pa

from tasks.contracts.archive_events import ARCHIVED_TABLES
from tasks.contracts.publish_control import parts_folder
from tasks.store.connection import Session
from tasks.store.query_answers import beyond_calendars, only_asks, with_text_for_the_rest
from tasks.store.statements import filled, literal, quoted

BATCH_ROWS: Final = 100_000


class NothingPublishedError(FileNotFoundError):
    """No control data has been published yet."""


class QueryError(ValueError):
    """A query of the published data that cannot be answered."""


def check_readable(path: Path, folder: Path) -> None:
    """Opens a catalogue that is not published yet, and reads from each of its tables.

    Args:
        path: The catalogue.
        folder: Where its files are.

    Raises:
        duckdb.Error: It cannot be read.
    """
    with _opened(path, folder) as connection:
        for table in ARCHIVED_TABLES:
            connection.execute(filled("published/select_one", table=quoted(table.name))).fetchall()


@contextmanager
def reading_published(path: Path) -> Iterator[Session]:
    """Opens the published control data, and nothing else: no other file, no setting, no frame can be reached.

    Raises:
        NothingPublishedError: There is none yet.
    """
    if not path.exists():
        raise NothingPublishedError(
            f"Nothing is published yet at {path}; archive an account first: message-center archive --account NAME"
        )
    with _opened(path, parts_folder(path)) as connection:
        yield Session(connection)


def query_published(path: Path, sql: str, *, limit: int) -> pl.DataFrame:
    """The first rows of a query over the published control data.

    Args:
        path: The published file.
        sql: One DuckDB query. Of several statements, the last one's rows are given.
        limit: As many rows at most.

    Raises:
        NothingPublishedError: There is no published data yet.
        QueryError: The query is wrong, writes, or reaches for something other than the published data.
    """
    with _answer(path, sql) as relation:
        frame: pl.DataFrame = relation.limit(limit).pl()
    if beyond := [column.name for column in frame.get_columns() if beyond_calendars(column)]:
        raise QueryError(f"{', '.join(beyond)}: a date outside the years 1 to 9999. Ask for its text: ...::varchar.")
    return frame


@contextmanager
def all_rows(path: Path, sql: str) -> Iterator[pa.RecordBatchReader]:
    """All rows of a query over the published control data, to be read while the block runs.

    Errors as for `query_published`.
    """
    with _answer(path, sql) as relation:
        yield relation.to_arrow_reader(BATCH_ROWS)


@contextmanager
def _answer(path: Path, sql: str) -> Iterator[duckdb.DuckDBPyRelation]:
    with reading_published(path) as session:
        try:
            relation = session.connection.sql(sql) if only_asks(session.connection, sql) else None
            if relation is None:
                raise QueryError("The query gives no rows. Ask with a select; `show tables` lists what there is.")
            yield with_text_for_the_rest(relation)
        except duckdb.Error as error:
            raise QueryError(str(error)) from error


@contextmanager
def _opened(path: Path, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(str(path), read_only=True)
    try:
        for setting in (
            "TimeZone = 'UTC'",
            "enable_progress_bar = false",
            "python_enable_replacements = false",
            f"allowed_directories = [{literal(f'{folder}{os.sep}')}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.execute(f"set {setting}")
        yield connection
    finally:
        connection.close()
