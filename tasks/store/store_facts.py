"""Looking at a store's file as it is: neither locks nor migrations, every row of every table read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tasks.contracts.back_up_store import StoreFacts
from tasks.store.connection import Session, StoreFile
from tasks.store.engines import engine
from tasks.store.lock import StoreBusyError, lock
from tasks.store.migrate import StoreKind, pending_migrations
from tasks.store.statements import filled, literal, quoted
from tasks.store.store_errors import StoreUnreadableError, is_in_use, told, unreadable

DUCKDB_VERSION = duckdb.__version__


@contextmanager
def looking(path: Path) -> Iterator[Session]:
    """Opens a store's file to read. The caller keeps writers out, or it is a copy.

    Raises:
        StoreUnreadableError: Its file is damaged, or no store.
    """
    with told(path), engine(path.parent) as connection:
        connection.execute(f"attach {literal(str(path))} as store (READ_ONLY)")
        connection.execute("use store")
        yield Session(connection)
        connection.execute("use memory")
        connection.execute("detach store")


@contextmanager
def looking_in_turn(store: StoreFile, *, purpose: str) -> Iterator[Session]:
    """The same under the store's lock, which keeps writers out, and readers not.

    Raises:
        StoreBusyError: Somebody did not leave the store in time.
        StoreUnreadableError: It is damaged, or no store.
    """
    in_turn = lock(store.lock_path, exclusive=False, wait_seconds=store.wait_seconds, purpose=purpose)
    try:
        with in_turn, looking(store.path) as session:
            yield session
    except duckdb.Error as error:
        if is_in_use(error):
            raise StoreBusyError(f"{store.path} is open elsewhere, past our lock: {error}") from error
        raise unreadable(store.path, str(error)) from error


def store_facts(path: Path, kind: StoreKind) -> StoreFacts:
    """Reads all of a store's file.

    Raises:
        StoreUnreadableError: A part of it cannot be read, or it is no store.
        StoreVersionError: It was written by a newer version.
    """
    with looking(path) as session:
        pending_migrations(session.connection, kind)
        return facts(session, path)


def facts(session: Session, path: Path) -> StoreFacts:
    """The same of a store that is open already."""
    tables = tables_of(session, path)
    return StoreFacts(
        rows={table: read_whole(session, table, path) for table in tables},
        last_change_seq=session.value("store_facts/last_change_seq"),
        migrations=tuple(name for (name,) in session.rows("store_facts/select_migrations")),
    )


def tables_of(session: Session, path: Path) -> tuple[str, ...]:
    """The tables of a store.

    Raises:
        StoreUnreadableError: It is a DuckDB file, but no store of ours.
    """
    tables = tuple(name for (name,) in session.rows("store_facts/select_tables"))
    if "schema_migration" not in tables:
        raise unreadable(path, "it is a DuckDB file, but none of ours: it has no table schema_migration")
    return tables


def read_whole(session: Session, table: str, path: Path) -> int:
    """Reads every value of a table; returns how many rows it has.

    Raises:
        StoreUnreadableError: A part of it cannot be read.
    """
    try:
        query = filled("store_facts/read_whole", table=quoted(table))
        ((rows, _),) = session.connection.execute(query).fetchall()
    except duckdb.Error as error:
        raise StoreUnreadableError(
            f"{path}: table {table} cannot be read ({error}). "
            "Put a backup in the store's place: message-center restore."
        ) from error
    return int(rows)
