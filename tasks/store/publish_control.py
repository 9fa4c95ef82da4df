"""The publication of the control store: its rows into files that never change, and a catalogue with views over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.archive_events import ARCHIVED_TABLES
from tasks.contracts.dictionary import COMMON, DICTIONARY
from tasks.contracts.publish_control import (
    LARGEST_PART_ROWS,
    Edition,
    Interval,
    Part,
    PublishedTable,
    SupersededRow,
    TablePublication,
    TableState,
)
from tasks.store.connection import Session, StoreFile, reading, writing
from tasks.store.migrate import migrations
from tasks.store.statements import filled, literal, quoted

TABLES: Final = {table.name: table for table in ARCHIVED_TABLES}
COPIED: Final = ("archive_state", "archive_proof")
UNPUBLISHED: Final = ("superseded_row", "published_edition")


@dataclass(frozen=True)
class ControlState:
    """The control store at one instant, as far as its publication must know."""

    source: tuple[int, int] | None
    last_entry: int | None
    """Of table `superseded_row`; None where it is empty."""
    tables: dy.DataFrame[TableState]


@dataclass(frozen=True)
class Control:
    """The control store, open to be published: the same state whatever is asked of it."""

    session: Session
    state: ControlState

    def superseded_since(self, entry: int) -> dy.DataFrame[SupersededRow]:
        """Rows changed or deleted after an entry of table `superseded_row`."""
        return SupersededRow.validate(self.session.frame("publish_control/select_superseded", after=entry), cast=True)

    def views(self, edition: Edition) -> dict[str, str]:
        """The statements that make an edition's views, by the table that each is in the place of."""
        columns = self.session.frame("archive_events/select_columns", tables=list(TABLES))
        shown = {name: [one for one in edition.tables if one.table == name and one.parts] for name in TABLES}
        return {
            name: _view(name, columns.filter(table_name=name), tables, Path(edition.folder))
            for name, tables in shown.items()
            if tables
        }

    def small_tables(self) -> dict[str, pl.DataFrame]:
        """The tables that a catalogue holds whole."""
        query = {name: filled("publish_control/select_table", table=quoted(name)) for name in COPIED}
        return {name: self.session.connection.sql(text).pl() for name, text in query.items()}


def source_of(control: StoreFile) -> tuple[int, int] | None:
    """When the control store's file was last changed, and its size; None where a crash left a log beside it."""
    path = control.path
    if not path.exists() or path.with_name(f"{path.name}.wal").exists():
        return None
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def announce_edition(control: StoreFile, token: str, last: Edition) -> Edition:
    """Tells the control store that an edition is about to be made.

    Returns:
        The edition to go on from: the last one, or none where that was not made from this state of the store or an
        earlier one. What the last one has taken up is forgotten in the store.
    """
    with writing(control, purpose="announcing an edition") as session:
        known: bool = session.value("publish_control/is_known", token=last.token)
        if known:
            session.change("publish_control/forget_superseded", superseded_upto=last.superseded_upto)
        session.change("publish_control/forget_editions", last=last.token)
        session.change("publish_control/insert_edition", token=token)
    return last if known else Edition()


@contextmanager
def control_open(control: StoreFile) -> Iterator[Control]:
    """Opens the control store; it is not written meanwhile."""
    with reading(control) as session:
        yield Control(session, _state(session, source_of(control)))


def write_parts(
    control: Control, plan: TablePublication, folder: Path, /, *, edition: int, part_rows: int = LARGEST_PART_ROWS
) -> tuple[Part, ...]:
    """Writes the rows that a table's plan asks for into `folder`, as files of the edition of that number."""
    parts: list[Part] = []
    for interval in plan.written:
        after = interval.after
        for upto in _bounds(control, plan, interval, part_rows):
            file = f"{plan.table}-{plan.account}-{edition}-{upto}.parquet"
            rows = _write(control, plan, Interval(after, upto), folder / file)
            parts.append(Part(file=file, after=after, upto=upto, rows=rows))
            after = upto
    return tuple(parts)


def write_catalogue(path: Path, edition: Edition, views: dict[str, str], small_tables: dict[str, pl.DataFrame]) -> None:
    """Makes the database of an edition: views over its files, and the reports over these."""
    with writing(StoreFile(path, "control"), purpose=f"making the catalogue of edition {edition.number}") as session:
        for name, rows in small_tables.items():
            session.connection.register("copied", rows)
            session.connection.execute(filled("publish_control/copy_table", table=quoted(name)))
            session.connection.unregister("copied")
        for name in (*views, *UNPUBLISHED):
            session.connection.execute(filled("publish_control/drop_table", table=quoted(name)))
        for view in views.values():
            session.connection.execute(view)
        _comment(session, set(views))


def _comment(session: Session, views: set[str]) -> None:
    """Says in the database what its tables and columns are."""
    there = {(table, column) for table, column in session.rows("publish_control/select_columns")}
    for table, (is_a_row, columns) in DICTIONARY.items():
        kind = "view" if table in views else "table"
        session.connection.execute(f"comment on {kind} {quoted(table)} is {literal(f'A row is {is_a_row}.')}")
        for column, words in (COMMON | columns).items():
            if (table, column) in there:
                named = f"{quoted(table)}.{quoted(column)}"
                session.connection.execute(f"comment on column {named} is {literal(words)}")


def known_steps() -> tuple[str, ...]:
    """The migrations of the control store that this code knows."""
    return tuple(step.stem for step in migrations("control"))


def _state(session: Session, source: tuple[int, int] | None) -> ControlState:
    states = session.frame("publish_control/select_states")
    names = [name for name in TABLES if name in set(states["table_name"])]
    counts = [
        session.connection.sql(
            filled("publish_control/count_rows", table=quoted(name)), params={"table_name": name}
        ).pl()
        for name in names
    ]
    rows = pl.concat([pl.DataFrame(schema={"account": str, "table_name": str, "rows": pl.Int64}), *counts])
    tables = states.join(rows, on=["account", "table_name"], how="left").with_columns(pl.col("rows").fill_null(0))
    return ControlState(source, session.value("publish_control/last_entry"), TableState.validate(tables, cast=True))


def _bounds(control: Control, plan: TablePublication, interval: Interval, part_rows: int) -> list[int]:
    query = filled("publish_control/slice_bounds", table=quoted(plan.table))
    span = {"account": plan.account, "after": interval.after, "upto": interval.upto}
    bounds = control.session.connection.execute(query, span | {"part_rows": part_rows}).fetchall()
    return [upto for (upto,) in bounds]


def _write(control: Control, plan: TablePublication, interval: Interval, path: Path) -> int:
    table, connection = TABLES[plan.table], control.session.connection
    order = quoted(table.ordered_by) if table.ordered_by else ", ".join(map(quoted, table.key))
    query = filled("publish_control/select_part", table=quoted(table.name), order=order)
    rows = connection.sql(query, params={"account": plan.account, **vars(interval)})
    rows.write_parquet(str(path), compression="zstd")
    ((count,),) = control.session.rows("publish_control/count_part", path=str(path))
    return int(count)


def _view(name: str, columns: pl.DataFrame, shown: list[PublishedTable], folder: Path) -> str:
    typed = columns.select("column_name", "data_type").rows()
    casts = [f"cast(part.{quoted(column)} as {kind}) as {quoted(column)}" for column, kind in typed]
    names = {
        "table": quoted(name),
        "columns": ", ".join(["part.account", *casts]),
        "parts": _files(folder, [part.file for table in shown for part in table.parts]),
    }
    if hidden := [one.file for table in shown for one in table.hidden]:
        return filled("publish_control/create_view_without_hidden", **names, hidden=_files(folder, hidden))
    return filled("publish_control/create_view", **names)


def _files(folder: Path, names: list[str]) -> str:
    return f"[{', '.join(literal(str(folder / name)) for name in names)}]"
