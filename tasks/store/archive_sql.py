"""The archive's statements, written once for every table: names are filled in, values are parameters."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.archive_events import ArchivedTable, DayChecksum, ProofScope
from tasks.store import statements
from tasks.store.connection import Session
from tasks.store.statements import quoted


def filled(name: str, /, **names: str) -> str:
    """Statement `archive_events/<name>` with names of tables and columns put in their places."""
    return statements.filled(f"archive_events/{name}", **names)


def typed(columns: Mapping[str, str], /) -> str:
    """A select list of columns, each in the archive's type."""
    return ", ".join(f"cast({quoted(name)} as {data_type}) as {quoted(name)}" for name, data_type in columns.items())


def hashed(columns: Mapping[str, str], /) -> str:
    """The columns of a row that its hash covers, each in the archive's type."""
    return ", ".join(f"cast({quoted(name)} as {kind})" for name, kind in columns.items())


def hashed_as(session: Session, columns: Mapping[str, str], /) -> str:
    """Names the way in which rows are hashed: sums of hashes add up only where it is the same."""
    named: str = session.value("archive_events/hashed_as", columns=hashed(columns))
    return named


def day_of(table: ArchivedTable, /) -> str:
    """The day (UTC) of a row."""
    return f"cast({quoted(table.day)} at time zone 'UTC' as date)" if table.day else "cast(null as date)"


def checksums(
    session: Session, scopes: Iterable[ProofScope], /, *, account: str | None = None
) -> dy.DataFrame[DayChecksum]:
    """Rows and checksum of each day in the scopes, with those purged; in the control store, of one account."""
    frames = [_table_checksums(session, scope, account) for scope in scopes]
    return DayChecksum.validate(pl.concat([DayChecksum.create_empty(), *frames], how="vertical"), cast=True)


def _table_checksums(session: Session, scope: ProofScope, account: str | None) -> pl.DataFrame:
    owner, owned = ("account = $account", {"account": account}) if account else ("true", {})
    within, bounds = _within(scope)
    days = None if scope.days is None else list(scope.days)
    query = filled(
        "checksums",
        table=quoted(scope.table.name),
        day=day_of(scope.table),
        columns=hashed(scope.columns),
        owner=owner,
        within=within,
    )
    kind = hashed_as(session, scope.columns)
    parameters = {"table_name": scope.table.name, "days": days, "hashed_as": kind, **owned, **bounds}
    frame: pl.DataFrame = session.connection.sql(query, params=parameters).pl()
    return frame.cast(pl.Schema(DayChecksum))


def _within(scope: ProofScope) -> tuple[str, dict[str, Any]]:
    """The condition for a row to be of the days, with an interval around them by which most blocks are skipped."""
    if scope.days is None or scope.table.day is None:
        return "true", {}
    instant = quoted(scope.table.day)
    condition = f"{instant} >= $from_at and {instant} < $to_at and list_contains($days, {day_of(scope.table)})"
    first, last = (datetime.combine(day, time(), UTC) for day in (min(scope.days), max(scope.days)))
    return condition, {"from_at": first, "to_at": last + timedelta(days=1)}
