"""Publishes the control store for reading: what changed since the last edition is written, the rest is kept."""

from pathlib import Path
from uuid import uuid4

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
    last = _usable(editions.edition_in_force(published), published)
    if last.source == in_store.source_of(control) is not None:
        return False
    token = uuid4().hex
    last = in_store.announce_edition(control, token, last)
    with editions.building(published) as workshop:
        with in_store.control_open(control) as opened:
            edition = _write(opened, last, published, token)
            views, small_tables = opened.views(edition), opened.small_tables()
        catalogue = workshop / "catalogue.duckdb"
        in_store.write_catalogue(catalogue, edition, views, small_tables)
        check_readable(catalogue, parts_folder(published))
        editions.put_in_force(published, catalogue, edition)
    return True


def _write(control: in_store.Control, last: Edition, published: Path, token: str) -> Edition:
    """Writes the files of the next edition."""
    folder, number = parts_folder(published), editions.next_number(published)
    plans = plan_edition(last, control.state.tables, control.superseded_since(last.superseded_upto))
    return Edition(
        number=number,
        token=token,
        folder=str(folder),
        schema_steps=in_store.known_steps(),
        source=control.state.source,
        superseded_upto=last.superseded_upto if control.state.last_entry is None else control.state.last_entry,
        tables=tuple(_written(control, plan, folder, number) for plan in plans),
    )


def _written(control: in_store.Control, plan: TablePublication, folder: Path, number: int) -> PublishedTable:
    parts = in_store.write_parts(control, plan, folder, edition=number)
    if sum(part.shown for part in (*plan.kept, *parts)) != plan.rows:
        # Somebody changed the store and told nobody: what was kept shows other rows.
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


def _usable(edition: Edition, published: Path) -> Edition:
    """The edition to go on from: the one in force, unless files of it are missing or have another shape."""
    same_schema = edition.schema_steps == in_store.known_steps()
    return edition if same_schema and editions.is_complete(edition, parts_folder(published)) else Edition()
