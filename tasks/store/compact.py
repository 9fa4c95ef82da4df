"""Giving free space back: DuckDB reuses the blocks of deleted rows, but seldom returns them to the file system.

A store that is largely free blocks is written anew beside itself, checked, and put in its own place in one step. A
crash before that step leaves the old file as it was, and a leftover that the next compaction removes; a crash after it
leaves the new one.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tasks.store.connection import StoreFile, opened
from tasks.store.flush import flush
from tasks.store.lock import lock
from tasks.store.migrate import migrate
from tasks.store.statements import filled, literal, quoted, statement
from tasks.store.store_errors import told


class CompactionError(RuntimeError):
    """A store written anew is not what it was; the old file stays in its place."""


@dataclass(frozen=True)
class CompactionLimits:
    """What must be free in a file before it is written anew."""

    share: float
    """Of the file, 0 to 1."""
    bytes: int


@dataclass(frozen=True)
class Compaction:
    """A store's file before and after it was written anew."""

    store: str
    bytes_before: int
    bytes_after: int


def compact(store: StoreFile, limits: CompactionLimits, /) -> Compaction | None:
    """Writes a store's file anew where more of it is free than the limits say; nobody has it open meanwhile.

    Returns:
        None where it was left as it is: little is free, or the disk has no room for a second file.

    Raises:
        StoreBusyError: Somebody else did not leave it in time.
        CompactionError: The new file does not hold what the old one does.
    """
    if not store.path.exists():
        return None
    new = store.path.with_name(f".{store.path.name}.compact")
    with (
        lock(store.lock_path, exclusive=True, wait_seconds=store.wait_seconds, purpose="compacting"),
        told(store.path),
    ):
        _remove(new)
        with opened(store) as connection:
            migrate(connection, store.kind)
            connection.execute("checkpoint store")
            before = store.path.stat().st_size
            used = _used_bytes(connection)
            if not _is_worth_it(before, used, limits) or shutil.disk_usage(store.path.parent).free < 2 * used:
                return None
            write_anew(connection, new)
        put_in_place(new, store.path)
    return Compaction(store.path.stem, before, store.path.stat().st_size)


def write_anew(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Copies the store attached as `store` to a new file, compares the two, and makes the new one durable.

    Raises:
        CompactionError: They differ.
    """
    with _attached_beside(connection, path):
        connection.execute("copy from database store to compacted")
        if differing := _differences(connection):
            raise CompactionError(
                f"{path} differs from the store it was written from, in {', '.join(differing)}: it was not put in its "
                "place. The store is as it was; keep both files, and report it."
            )
        connection.execute("checkpoint compacted")
    flush(path)


def put_in_place(new: Path, path: Path) -> None:
    """Replaces a store's file, in one step.

    Raises:
        CompactionError: A log of changes lies beside one of them, and belongs to no other file.
    """
    if logs := [log for log in (_log(new), _log(path)) if log.exists()]:
        raise CompactionError(f"{logs[0]} holds changes that are not in its file: {path} was left as it was.")
    new.replace(path)
    flush(path.parent)


def _is_worth_it(size: int, used: int, limits: CompactionLimits) -> bool:
    free = size - used
    return free > limits.share * size and free > limits.bytes


def _used_bytes(connection: duckdb.DuckDBPyConnection) -> int:
    """Not the free ones that DuckDB counts: some of those it may have cut off the end of the file."""
    ((used,),) = connection.execute(statement("compact/used_bytes")).fetchall()
    return int(used)


def _differences(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What is not the same in both: tables by their rows, sequences by their next number, views and macros by name."""
    query = statement("compact/objects")
    objects = [set(connection.execute(query, {"database": name}).fetchall()) for name in _BOTH]
    if differing := objects[0] ^ objects[1]:
        return sorted({str(name) for _, name, _ in differing})
    tables = sorted(str(name) for kind, name, _ in objects[0] if kind == "table")
    rows = [{(name, _count(connection, database, name)) for name in tables} for database in _BOTH]
    return sorted({name for name, _ in rows[0] ^ rows[1]})


_BOTH = ("store", "compacted")


def _count(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> int:
    ((count,),) = connection.execute(filled("compact/count", database=database, table=quoted(table))).fetchall()
    return int(count)


@contextmanager
def _attached_beside(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    connection.execute(f"attach {literal(str(path))} as compacted (STORAGE_VERSION 'v1.5.0')")
    yield
    connection.execute("detach compacted")


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _remove(path: Path) -> None:
    """What a crash may have left."""
    for leftover in (path, _log(path)):
        leftover.unlink(missing_ok=True)
