"""Rows leave a store: deleted, and counted for the proof and for conservation, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from tasks.contracts.archive_events import ArchivedTable
from tasks.store import statements
from tasks.store.archive_sql import day_of, hashed, hashed_as
from tasks.store.connection import Frames, Session, registered
from tasks.store.statements import quoted

REPLAYS = {"event": "count(parent_event_id)"}
"""What to count of a table's rows beside the rows."""


@dataclass(frozen=True)
class PurgeScope:
    """A table to purge rows of, and how its rows are hashed for the proof."""

    table: ArchivedTable
    columns: Mapping[str, str]
    """Name and archived type of the columns that account and archive have."""
    account: str | None = None
    """Whose rows, in the control store."""


def purge_rows(session: Session, scope: PurgeScope, chosen: pl.DataFrame, /, *, now: datetime) -> int:
    """Deletes the rows whose `change_seq` is chosen, and keeps how many of which day they were, with their checksum.

    In the control store they are noted as superseded, too. Returns how many went.
    """
    if chosen.is_empty():
        return 0
    rows = chosen.select("change_seq").sort("change_seq")
    where: dict[str, Any] = {"first_seq": rows["change_seq"].min(), "last_seq": rows["change_seq"].max()}
    if scope.account is not None:
        where["account"] = scope.account
    counted = {"table_name": scope.table.name, "hashed_as": hashed_as(session, scope.columns), "now": now}
    _change(session, scope, "insert_purged", rows, {**where, **counted})
    deleted = _change(session, scope, "delete_chosen", rows, where)
    if scope.account is not None:
        named = {"table_name": scope.table.name, "account": scope.account}
        session.change("purged_rows/insert_superseded", {"chosen": rows}, **named)
    return deleted


def filled(name: str, scope: PurgeScope, /, **names: str) -> str:
    """Statement `name` with the names of the scope's table and columns put in their places."""
    return statements.filled(
        name,
        table=quoted(scope.table.name),
        day=day_of(scope.table),
        columns=hashed(scope.columns),
        replays=REPLAYS.get(scope.table.name, "0"),
        owner="true" if scope.account is None else "account = $account",
        owned="" if scope.account is None else "$account as account,",
        **names,
    )


def found(session: Session, query: str, frames: Frames, /, **values: Any) -> pl.DataFrame:
    """The rows that a query finds, which may read the frames under their names."""
    with registered(session.connection, frames):
        frame: pl.DataFrame = session.connection.sql(query, params=values).pl()
        return frame


def _change(session: Session, scope: PurgeScope, name: str, rows: pl.DataFrame, values: dict[str, Any]) -> int:
    with registered(session.connection, {"chosen": rows}):
        return int(session.connection.execute(filled(f"purged_rows/{name}", scope), values).fetchall()[0][0])
