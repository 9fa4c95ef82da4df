"""The published control data: what it takes to publish it, and reading it without reaching anything else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from tasks.store.connection import Session, StoreFile, writing
from tasks.store.lock import StoreBusyError, lock
from tasks.store.statements import statement

TRIES = 10
"""How often a store that a crash left unfinished is brought to rest before giving up."""


class NothingPublishedError(FileNotFoundError):
    """No control data has been published yet."""


class QueryError(ValueError):
    """A query of the published data that cannot be answered."""


@contextmanager
def at_rest(store: StoreFile) -> Iterator[Path]:
    """Keeps writers out of a store whose file alone, without a log of changes beside it, holds all that was committed.

    Raises:
        StoreBusyError: Writers did not leave it in time, or keep crashing in it.
    """
    log = store.path.with_name(f"{store.path.name}.wal")
    for _ in range(TRIES):
        if log.exists() or not store.path.exists():
            with writing(store, purpose="writing a crashed run's changes into the file"):
                pass
        with lock(store.lock_path, exclusive=False, wait_seconds=store.wait_seconds, purpose="publishing"):
            if not log.exists():
                yield store.path
                return
    raise StoreBusyError(f"{store.path} keeps a log of changes beside it after {TRIES} tries to fold it in.")


def check_readable(path: Path) -> None:
    """Opens a copy of the control store and reads from it.

    Raises:
        duckdb.Error: It is no complete control store.
    """
    with _opened(path) as connection:
        connection.execute(statement("published/select_state")).fetchall()


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
    with _opened(path) as connection:
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
    with reading_published(path) as session:
        try:
            relation = session.connection.sql(sql)
            if relation is None:
                raise QueryError("The query gives no rows. Ask with a select; `show tables` lists what there is.")
            frame: pl.DataFrame = _with_durations_as_text(relation).limit(limit).pl()
        except duckdb.Error as error:
            raise QueryError(str(error)) from error
    return frame


def _with_durations_as_text(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Intervals of months, days and time have no type in Polars."""
    if "INTERVAL" not in map(str, relation.types):
        return relation
    named = zip(relation.columns, relation.types, strict=True)
    quoted = [(f'"{name.replace(chr(34), chr(34) * 2)}"', str(kind)) for name, kind in named]
    return relation.project(
        ", ".join(f"{name}::varchar as {name}" if kind == "INTERVAL" else name for name, kind in quoted)
    )


@contextmanager
def _opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"})
    try:
        for setting in ("TimeZone = 'UTC'", "python_enable_replacements = false", "lock_configuration = true"):
            connection.execute(f"set {setting}")
        yield connection
    finally:
        connection.close()
