"""Reading for the archive: the rows an account's store changed, as files, within one read transaction."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import dataframely as dy

from tasks.contracts.archive_events import ARCHIVED_TABLES, Changes, ProofScope, Slice, StoreColumn, TablePlan
from tasks.store.archive_sql import checksums, day_of, filled, typed
from tasks.store.connection import Session, StoreFile, reading
from tasks.store.statements import quoted

SLICE_ROWS = 250_000
"""Rows read, written and merged at a time: what bounds memory."""


def store_columns(store: StoreFile) -> dy.DataFrame[StoreColumn]:
    """The columns of the tables that are archived, in the store's order, but for the archive's own `account`."""
    with reading(store) as session:
        columns = session.frame("archive_events/select_columns", tables=[table.name for table in ARCHIVED_TABLES])
    return StoreColumn.validate(columns, cast=True)


def spool_changes(
    store: StoreFile,
    plans: tuple[TablePlan, ...],
    folder: Path,
    /,
    *,
    ignored_columns: Mapping[str, tuple[str, ...]],
    slice_rows: int = SLICE_ROWS,
) -> Changes:
    """Writes the changed rows of an account's store to files, and counts the days that they touch.

    Files, not frames: the store is left after one read, and a first archive of millions of rows needs no
    more memory than a small one.

    Args:
        store: The account's store.
        plans: What to read of each table.
        folder: An empty folder for the files.
        ignored_columns: Passed on.
        slice_rows: Rows per file.
    """
    slices: list[Slice] = []
    scopes: list[ProofScope] = []
    with reading(store) as session:
        for plan in plans:
            read = _slices(session, plan, folder, slice_rows)
            slices += read
            if read or plan.due or plan.prove_all:
                scopes.append(ProofScope(plan.table, plan.columns, _days(session, plan)))
        source = checksums(session, scopes)
    return Changes(tuple(slices), tuple(scopes), source, ignored_columns)


def _slices(session: Session, plan: TablePlan, folder: Path, slice_rows: int) -> list[Slice]:
    table = quoted(plan.table.name)
    bounds = session.connection.execute(
        filled("slice_bounds", table=table), {"after": plan.after, "slice_rows": slice_rows}
    ).fetchall()
    order = quoted(plan.table.ordered_by) if plan.table.ordered_by else ", ".join(map(quoted, plan.table.key))
    query = filled("select_changed", table=table, columns=typed(plan.columns), order=order)
    slices, after = [], plan.after
    for number, (upto, rows) in enumerate(bounds):
        path = folder / f"{plan.table.name}-{number:06}.parquet"
        changed = session.connection.sql(query, params={"after": after, "upto": upto})
        changed.write_parquet(str(path), compression="lz4_raw")
        slices.append(Slice(plan, path, rows, upto, last=number == len(bounds) - 1))
        after = upto
    return slices


def _days(session: Session, plan: TablePlan) -> tuple[date, ...] | None:
    if plan.prove_all or not plan.table.day_is_fixed:
        return None
    query = filled("touched_days", table=quoted(plan.table.name), day=day_of(plan.table))
    touched = session.connection.execute(query, {"after": plan.after}).fetchall()
    return tuple(sorted({*plan.due, *(day for (day,) in touched)}))
