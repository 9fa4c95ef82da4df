"""The archive in the control store: how far it is, rows taken in, days proved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dataframely as dy

from tasks.contracts.archive_events import ArchivedTable, ArchiveState, DayChecksum, DayProof, DueDay, ProofScope, Slice
from tasks.store import statements
from tasks.store.archive_sql import checksums, day_of, filled
from tasks.store.connection import Session, StoreFile, reading, writing
from tasks.store.statements import quoted

TRANSACTION_ROWS = 500_000
"""Rows at which a transaction is closed: the next slice begins another."""


@dataclass(frozen=True)
class ArchivePosition:
    """What the control store knows of an account's archive."""

    state: dy.DataFrame[ArchiveState]
    due: dy.DataFrame[DueDay]


def archive_position(control: StoreFile, account: str) -> ArchivePosition:
    """How far each table of an account is archived, and which days still lack their proof."""
    with reading(control) as session:
        state = session.frame("archive_events/select_state", account=account)
        due = session.frame("archive_events/select_due_days", account=account)
    return ArchivePosition(ArchiveState.validate(state, cast=True), DueDay.validate(due, cast=True))


def take_in(
    control: StoreFile,
    account: str,
    slices: tuple[Slice, ...],
    /,
    *,
    now: datetime,
    transaction_rows: int = TRANSACTION_ROWS,
) -> dict[str, int]:
    """Merges slices by key, in their order, each in one transaction with the state it leads to.

    A row that is here already in the same or a later state is left alone, so slices may come twice, and late.
    Rows that it changes are noted in table `superseded_row`, for the published data to leave them out.

    Returns:
        How many rows of each table were new or changed.
    """
    upserted: dict[str, int] = {}
    for group in _transactions(slices, transaction_rows):
        with writing(control, purpose=f"archiving {account}") as session:
            for part in group:
                name = part.plan.table.name
                upserted[name] = upserted.get(name, 0) + _merge(session, account, part)
                _move_on(session, account, part, now)
    return upserted


def archived_checksums(
    control: StoreFile, account: str, scopes: tuple[ProofScope, ...], /
) -> dy.DataFrame[DayChecksum]:
    """Rows and checksum of each day of an account in the archive."""
    with reading(control) as session:
        return checksums(session, scopes, account=account)


def record_proofs(
    control: StoreFile,
    account: str,
    scopes: tuple[ProofScope, ...],
    proofs: dy.DataFrame[DayProof],
    /,
    *,
    now: datetime,
) -> None:
    """Puts the proofs of the days in the scopes in place of those that were there."""
    with writing(control, purpose=f"recording the proof of {account}") as session:
        for scope in scopes:
            days = None if scope.days is None else list(scope.days)
            session.change("archive_events/delete_proofs", account=account, table_name=scope.table.name, days=days)
        session.change("archive_events/insert_proofs", {"proof": proofs}, account=account, now=now)


def _transactions(slices: tuple[Slice, ...], most_rows: int) -> Iterator[list[Slice]]:
    group: list[Slice] = []
    for part in slices:
        group.append(part)
        if sum(member.rows for member in group) >= most_rows:
            yield group
            group = []
    if group:
        yield group


def _merge(session: Session, account: str, part: Slice) -> int:
    table = part.plan.table
    within, bounds = _within(session, table, part)
    matches = " and ".join(f"archived.{quoted(column)} = changed.{quoted(column)}" for column in table.key)
    slice_of = {"account": account, "path": str(part.path), **bounds}
    superseded = statements.filled(
        "publish_control/note_superseded", table=quoted(table.name), within=within, matches=matches
    )
    session.connection.execute(superseded, {"table_name": table.name, **slice_of}).fetchall()
    query = filled("merge_changed", table=quoted(table.name), within=within, matches=matches)
    parameters = {"again": part.plan.again, **slice_of}
    return int(session.connection.execute(query, parameters).fetchall()[0][0])


def _within(session: Session, table: ArchivedTable, part: Slice) -> tuple[str, dict[str, Any]]:
    """A condition that lets the merge skip the blocks of the archive that cannot hold a row of the slice."""
    if table.ordered_by is None:
        return "true", {}
    column = quoted(table.ordered_by)
    extent = session.connection.sql(filled("extent", column=column), params={"path": str(part.path)}).pl()
    lowest, highest = extent.row(0)
    return f"archived.{column} between $lowest and $highest", {"lowest": lowest, "highest": highest}


def _move_on(session: Session, account: str, part: Slice, now: datetime) -> None:
    table = part.plan.table
    where: dict[str, Any] = {"account": account, "table_name": table.name}
    # Of a table read again, a part of the rows does not have its new columns yet.
    columns = list(part.plan.columns) if part.last or not part.plan.again else None
    session.change("archive_events/merge_state", **where, change_seq=part.upto, columns=columns, now=now)
    due = filled("merge_due_days", day=day_of(table))
    session.connection.execute(due, {**where, "path": str(part.path)}).fetchall()
