"""Publishes the control store for reading: what changed since the last edition is written, the rest is kept."""

from pathlib import Path

import polars as pl

from tasks.contracts.publish_control import (
    HIDDEN_FILES,
    Edition,
    HiddenRow,
    HiddenRows,
    PublishedTable,
    TablePublication,
    parts_folder,
)
from tasks.exchange import publish_control as editions
from tasks.settings import Settings
from tasks.stage import stage
from tasks.store import publish_control as in_store
from tasks.store.connection import StoreFile
from tasks.store.lock import lock
from tasks.store.published import check_readable
from tasks.transforms.publish_control import anew, hidden_in, plan_edition


@stage
def publish_control(settings: Settings) -> bool:
    """Publishes the control store as it stands; returns False where that was done already.

    Readers find the old edition until the new one is complete. Who has an old one open keeps it.
    """
    published = settings.published_control
    control = StoreFile(settings.control_store, "control", settings.lock_wait_seconds)
    alone, wait = published.with_suffix(".lock"), settings.lock_wait_seconds
    with lock(alone, exclusive=True, wait_seconds=wait, purpose="publishing"):
        is_new = _publish(control, published)
        editions.clear_old_editions(published)
    return is_new


def _publish(control: StoreFile, published: Path) -> bool:
    with editions.building(published) as workshop:
        with in_store.control_open(control) as opened:
            last = _usable(editions.edition_in_force(published), opened.state, published)
            if last.number and last.source == opened.state.source is not None:
                return False
            edition = _write(opened, last, published)
            views, small_tables = opened.views(edition), opened.small_tables()
        catalogue = workshop / "catalogue.duckdb"
        in_store.write_catalogue(catalogue, edition, views, small_tables)
        check_readable(catalogue, parts_folder(published))
        editions.put_in_force(published, catalogue, edition)
    return True


def _write(control: in_store.Control, last: Edition, published: Path) -> Edition:
    """Writes the files of the next edition."""
    folder, number = parts_folder(published), editions.next_number(published)
    plans = plan_edition(last, control.state.tables, control.superseded_since(last.superseded_upto))
    return Edition(
        number=number,
        follows=control.state.confirmed_edition,
        folder=str(folder),
        schema_steps=in_store.known_steps(),
        source=control.state.source,
        superseded_upto=control.state.last_entry,
        tables=tuple(_written(control, plan, folder, number) for plan in plans),
    )


def _written(control: in_store.Control, plan: TablePublication, folder: Path, number: int) -> PublishedTable:
    parts = in_store.write_parts(control, plan, folder, edition=number)
    if sum(part.shown for part in (*plan.kept, *parts)) != plan.rows:
        plan = anew(plan)
        parts = in_store.write_parts(control, plan, folder, edition=number)
    return PublishedTable(
        account=plan.account,
        table=plan.table,
        upto=plan.upto,
        columns=plan.columns,
        parts=tuple(sorted((*plan.kept, *parts), key=lambda part: part.upto)),
        hidden=_hidden(plan, folder, number),
    )


def _hidden(plan: TablePublication, folder: Path, number: int) -> tuple[HiddenRows, ...]:
    kept, rows = plan.hidden, plan.superseded
    if len(kept) >= HIDDEN_FILES:
        rows = hidden_in(plan.kept, HiddenRow.validate(pl.concat([editions.read_hidden(folder, kept), rows])))
        kept = ()
    if rows.is_empty():
        return kept
    return (*kept, editions.write_hidden(folder, f"{plan.table}-{plan.account}-{number}-hidden.parquet", rows))


def _usable(edition: Edition, state: in_store.ControlState, published: Path) -> Edition:
    """The edition to go on from: the one in force, unless its files or the control store are not those it knew."""
    is_known = state.confirmed_edition in {edition.number, edition.follows}
    same_schema = edition.schema_steps == in_store.known_steps()
    if is_known and same_schema and editions.is_complete(edition, parts_folder(published)):
        return edition
    return Edition()
