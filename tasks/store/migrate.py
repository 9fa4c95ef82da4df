"""Bringing a store's tables to what the code expects: ordered SQL, each step recorded with its effect."""

from functools import cache
from pathlib import Path
from typing import Literal

import duckdb

from tasks.store.store_errors import StoreUnreadableError, StoreVersionError

StoreKind = Literal["account", "control"]
MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def migrations(kind: StoreKind) -> tuple[Path, ...]:
    """The steps of a kind of store, in order: `migrations/<kind>/NNNN_<what>.sql`."""
    return tuple(sorted((MIGRATIONS / kind).glob("*.sql")))


def pending_migrations(connection: duckdb.DuckDBPyConnection, kind: StoreKind) -> tuple[Path, ...]:
    """The steps that the store attached as `store` has not seen yet.

    Raises:
        StoreVersionError: It has seen one that this code does not know.
        StoreUnreadableError: It holds somebody else's tables.
    """
    done = _done(connection)
    steps = migrations(kind)
    if unknown := sorted(done - {step.stem for step in steps}):
        raise StoreVersionError(
            f"{_path(connection)}: this {kind} store has seen {', '.join(unknown)}, which this version does not know: "
            "it was written by a newer one. Upgrade message-center and try again."
        )
    return tuple(step for step in steps if step.stem not in done)


def _path(connection: duckdb.DuckDBPyConnection) -> str:
    ((path,),) = connection.execute("select path from duckdb_databases() where database_name = 'store'").fetchall()
    return str(path)


def _done(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The steps on record. Asking the catalogue first would cost ten times as much, on every opening of a store."""
    try:
        return {name for (name,) in connection.execute("select name from schema_migration").fetchall()}
    except duckdb.CatalogException:
        tables = connection.execute("select table_name from duckdb_tables() where database_name = current_database()")
        if others := sorted(name for (name,) in tables.fetchall()):
            raise StoreUnreadableError(
                f"{_path(connection)} is a DuckDB database, but no store of ours: it holds {', '.join(others[:5])}. "
                "Move it elsewhere, and try again."
            ) from None
        return set()


def migrate(connection: duckdb.DuckDBPyConnection, kind: StoreKind) -> None:
    """Runs the missing steps, each in a transaction of its own together with its record."""
    for step in pending_migrations(connection, kind):
        connection.execute("begin")
        connection.execute(step.read_text(encoding="utf-8"))
        connection.execute("insert into schema_migration (name, applied_at) values (?, now())", [step.stem])
        connection.execute("commit")
