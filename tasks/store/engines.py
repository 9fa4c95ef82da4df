"""DuckDB engines at hand: making one takes longer than most transactions, so they serve one store after the other."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

IDLE_MOST: Final = 4
"""Engines kept per folder; one at a time is all that most processes ask for."""
_idle: dict[tuple[int, Path], list[duckdb.DuckDBPyConnection]] = {}


@contextmanager
def engine(spill_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine that nobody else uses meanwhile, in UTC and without a store.

    Whoever takes it leaves it as it was: no store attached, no frame registered. After an error it is thrown away.

    Args:
        spill_folder: Where work that does not fit memory goes, in a folder of this process: DuckDB's own
            choice is shared by all.
    """
    idle = _idle.setdefault((os.getpid(), spill_folder), [])
    connection = idle.pop() if idle else _made(spill_folder)
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    if len(idle) < IDLE_MOST:
        idle.append(connection)
    else:
        connection.close()


def _made(spill_folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    folder = str(spill_folder / f".duckdb-{os.getpid()}.tmp").replace("'", "''")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    connection.execute(f"set temp_directory = '{folder}'")
    return connection


@atexit.register
def _close_idle() -> None:
    for connections in _idle.values():
        while connections:
            connections.pop().close()
