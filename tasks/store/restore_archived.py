"""Rows that were archived after a backup: out of the control store as files, into the restored store."""

from pathlib import Path

from tasks.contracts.archive_events import ARCHIVED_TABLES, ArchivedTable
from tasks.contracts.restore_store import Archived, ArchivedRows
from tasks.store.connection import Session, StoreFile, reading
from tasks.store.statements import filled, quoted


def spool_archived(control: StoreFile, account: str, folder: Path, /, *, after: int) -> Archived:
    """Writes what the control store has of an account to files.

    Args:
        control: The control store; one that does not exist has nothing.
        account: The account's name.
        folder: An empty folder for the files.
        after: The last change number of the backup.

    Raises:
        StoreBusyError: Writers did not leave the control store in time.
        StoreUnreadableError: It is damaged: it has to be restored first.
    """
    if not control.path.exists():
        return {}
    with reading(control) as session:
        state = session.frame("archive_events/select_state", account=account)
        upto = dict(state.select("table_name", "change_seq").iter_rows())
        tables = [table for table in ARCHIVED_TABLES if table.name in upto]
        return {
            table.name: _spool(session, table, account, folder, after=after, upto=upto[table.name]) for table in tables
        }


def bring_back(session: Session, archived: Archived) -> int:
    """Puts rows that were archived after the backup in the place of what the store has; returns how many."""
    for table in ARCHIVED_TABLES:
        if (rows := archived.get(table.name)) is None:
            continue
        names = {"table": quoted(table.name), "matches": _matches(table), "order": _order(table)}
        columns = ", ".join(map(quoted, rows.columns))
        for name in ("delete_superseded", "insert_archived"):
            session.connection.execute(
                filled(f"restore_store/{name}", columns=columns, **names), {"path": str(rows.newer)}
            ).fetchall()
    return sum(rows.rows for rows in archived.values())


def mark_unarchived(session: Session, archived: Archived) -> None:
    """Numbers rows anew that the archive lacks although it was further on: an archive run that was cut short."""
    for table in ARCHIVED_TABLES:
        if (rows := archived.get(table.name)) is not None:
            query = filled("restore_store/mark_unarchived", table=quoted(table.name), matches=_matches(table))
            parameters = {"path": str(rows.known), "archived_upto": rows.archived_upto}
            session.connection.execute(query, parameters).fetchall()


def highest_change(session: Session, archived: Archived) -> int:
    """The highest change number that the store's tables or the archive have."""
    highest = [rows.archived_upto for rows in archived.values()]
    for table in ARCHIVED_TABLES:
        query = filled("restore_store/highest_change", table=quoted(table.name))
        highest += [session.connection.execute(query).fetchall()[0][0]]
    return int(max(highest))


def _spool(
    session: Session, table: ArchivedTable, account: str, folder: Path, *, after: int, upto: int
) -> ArchivedRows:
    found = session.rows("restore_store/select_archived_columns", table_name=table.name)
    columns = tuple(name for (name,) in found)
    newer, known = folder / f"{table.name}-newer.parquet", folder / f"{table.name}-known.parquet"
    names = {"table": quoted(table.name), "order": _order(table), "columns": ", ".join(map(quoted, columns))}
    rows = session.connection.sql(
        filled("restore_store/select_newer", **names), params={"account": account, "after": after}
    )
    rows.write_parquet(str(newer), compression="lz4_raw")
    key = ", ".join(map(quoted, table.key))
    keys = session.connection.sql(filled("restore_store/select_known", key=key, **names), params={"account": account})
    keys.write_parquet(str(known), compression="lz4_raw")
    return ArchivedRows(columns, newer, known, upto, session.value("restore_store/count_newer", path=str(newer)))


def _matches(table: ArchivedTable) -> str:
    return " and ".join(f"archived.{quoted(name)} = {quoted(table.name)}.{quoted(name)}" for name in table.key)


def _order(table: ArchivedTable) -> str:
    return quoted(table.ordered_by) if table.ordered_by else ", ".join(map(quoted, table.key))
