"""DuckDB engines at hand: making one takes longer than most transactions, so they serve one store after the other."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

IDLE_MOST: Final = 4
"""Engines kept, the last used; each has threads of its own. One at a time is all that most processes ask for."""
Idle = tuple[int, Path, duckdb.DuckDBPyConnection]
"""The process that made an engine, its spill folder, and the engine."""
_idle: list[Idle] = []


@contextmanager
def engine(spill_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine that nobody else uses meanwhile, in UTC and without a store.

    Whoever takes it leaves it as it was: no store attached, no frame registered. After an error it is thrown away.

    Args:
        spill_folder: Where work that does not fit memory goes, in a folder of this process: DuckDB's own
            choice is shared by all.
    """
    connection = _taken(spill_folder) or _made(spill_folder)
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    _idle.append((os.getpid(), spill_folder, connection))
    for kept in _of_this_process()[:-IDLE_MOST]:
        if _withdrawn(kept):
            kept[-1].close()


def _taken(spill_folder: Path) -> duckdb.DuckDBPyConnection | None:
    """The engine for the folder that was used last; None where there is none at hand."""
    for kept in reversed(_of_this_process()):
        if kept[1] == spill_folder and _withdrawn(kept):
            return kept[-1]
    return None


def _of_this_process() -> list[Idle]:
    """A forked process has engines of its parent in its memory, and must not touch them."""
    return [kept for kept in _idle if kept[0] == os.getpid()]


def _withdrawn(kept: Idle) -> bool:
    """Takes an engine out of those at hand; False where another thread did."""
    try:
        _idle.remove(kept)
    except ValueError:
        return False
    return True


def _made(spill_folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    folder = str(spill_folder / f".duckdb-{os.getpid()}.tmp").replace("'", "''")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    connection.execute(f"set temp_directory = '{folder}'")
    return connection


@atexit.register
def _close_idle() -> None:
    for kept in _of_this_process():
        kept[-1].close()
