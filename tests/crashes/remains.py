"""What a home holds, in a form in which two homes can be compared."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from crashes.life_inputs import CELLS

from tasks.contracts.archive_events import ARCHIVED_TABLES
from tasks.settings import Settings
from tasks.store.connection import StoreFile, reading
from tasks.store.conservation import balance
from tasks.store.published import reading_published

CONTROL_TABLES = (*(table.name for table in ARCHIVED_TABLES), "archive_state", "archive_proof", "service_level")
BATCH = re.compile(r"\d{8}T\d{6}-(\d+)-\d+")
NO_REMAINS = {".lock", ".queue", ".wal"}
UNFINISHED = re.compile(r"/\.|\.(part|tmp|new)$")
Row = dict[str, Any]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Remains:
    """Everything in a home: rows by `<store>.<table>`, files by their names, messages handed over to the outbox."""

    tables: Tables
    files: list[str]
    outbox: list[Row]
    balanced: bool


def remains_of(home: Path) -> Remains:
    """Reads all of a home; every store of it must open."""
    settings = Settings(home=home)
    tables: Tables = {}
    balanced = True
    for account in CELLS:
        store = StoreFile(settings.account_store(account), "account")
        if store.path.exists():
            balanced = balanced and balance(store).holds
            with reading(store) as session:
                tables |= _rows(session.connection, account, _account_tables(session.connection))
    if settings.control_store.exists():
        with reading(StoreFile(settings.control_store, "control")) as session:
            tables |= _rows(session.connection, "control", CONTROL_TABLES)
    tables |= published_tables(home)
    return Remains(tables, sorted(_files(home)), _outbox(home), balanced)


def published_tables(home: Path) -> Tables:
    """The rows of the published control data, empty where nothing is published."""
    path = Settings(home=home).published_control
    if not path.exists():
        return {}
    with reading_published(path) as session:
        return _rows(session.connection, "published", CONTROL_TABLES)


def _account_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    names = connection.execute("select table_name from duckdb_tables() where database_name = current_database()")
    return [name for (name,) in names.fetchall() if name != "schema_migration"]


def _rows(connection: duckdb.DuckDBPyConnection, store: str, tables: Iterable[str]) -> Tables:
    found: Tables = {}
    for table in tables:
        rows = connection.execute(f'select columns(*)::varchar from "{table}"')  # noqa: S608  # names of our tables
        names = [column[0] for column in rows.description or ()]
        found[f"{store}.{table}"] = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    return found


def _files(home: Path) -> Iterable[str]:
    """All files that matter.

    Not the locks; not DuckDB's log beside a store, which is a part of the store until its next writer folds it in; of
    the publication, whose layout is its own affair, only what is not finished.
    """
    for path in home.rglob("*"):
        name = path.relative_to(home).as_posix()
        is_layout = name.startswith("published/") and not UNFINISHED.search(name)
        if path.is_file() and path.suffix not in NO_REMAINS and not is_layout:
            yield BATCH.sub(r"<batch of delivery \1>", name)


def _outbox(home: Path) -> list[Row]:
    """Every message of every batch whose manifest is there, which is when it counts as handed over."""
    rows: list[Row] = []
    for manifest in sorted(home.glob("outbox/*/*.json")):
        described = json.loads(manifest.read_text())
        messages = pl.read_parquet(manifest.with_suffix(".parquet"))
        assert described["messages"] == messages.height
        rows += json.loads(messages.cast(pl.String).write_json())
    return rows
