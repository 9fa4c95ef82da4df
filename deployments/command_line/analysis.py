"""Commands that look: one event's story, the reports, SQL on the published data."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from deployments.command_line.options import AccountOrAll, instant
from deployments.command_line.output import AsJson, note, print_json, show, show_rows
from tasks.contracts.vocabulary import CELL_SIZE
from tasks.settings import Settings

Report = Literal["service-level", "processing-time", "history"]
From = Annotated[
    datetime | None, typer.Option("--from", parser=instant, metavar="INSTANT", help="From this instant on.")
]
To = Annotated[datetime | None, typer.Option("--to", parser=instant, metavar="INSTANT", help="Up to this instant.")]


def event(event_id: Annotated[int, typer.Argument(help="Global event id.")], as_json: AsJson = False) -> None:
    """Tell the whole story of one event: its rows in every store."""
    from tasks.store.connection import StoreFile
    from tasks.store.event_story import event_story

    settings = Settings()
    wait = settings.lock_wait_seconds
    account = StoreFile(settings.account_store(_account_of(settings, event_id)), "account", wait)
    story = event_story(account, StoreFile(settings.control_store, "control", wait), event_id)
    if not any(story.values()):
        raise LookupError(f"No store has an event {event_id}")
    if as_json:
        print_json(story)
        return
    for chapter, rows in story.items():
        for row in rows:
            show({name: value for name, value in row.items() if value is not None}, as_json=False, title=chapter)


def report(
    which: Annotated[Report, typer.Argument(metavar="service-level|processing-time|history")],
    account: AccountOrAll = None,
    from_at: From = None,
    to_at: To = None,
    as_json: AsJson = False,
) -> None:
    """Show a report on the published data."""
    from tasks.store import reports as of_published_data

    read = {
        "service-level": of_published_data.service_level,
        "processing-time": of_published_data.processing_time,
        "history": of_published_data.event_history,
    }[which]
    rows = read(Settings().published_control, account=account, from_at=from_at, to_at=to_at)
    show_rows("rows", rows, as_json=as_json, title=which)


def reports(
    account: AccountOrAll = None,
    from_at: From = None,
    to_at: To = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it; published/reports.html.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the three reports as one page to open in a browser."""
    from tasks.report_page import read_reports, write_reports

    settings = Settings()
    numbers = read_reports(settings, account=account, from_at=from_at, to_at=to_at)
    page = write_reports(out or settings.reports_page, numbers, now=datetime.now(UTC))
    period = {"from_at": numbers.from_at.isoformat(), "to_at": numbers.to_at.isoformat()}
    show({"page": str(page.resolve()), **period}, as_json=as_json, title="Reports")


def query(
    sql: Annotated[str, typer.Argument(help="One DuckDB query.")],
    account: Annotated[
        str | None, typer.Option("--account", help="An account's own store as it stands, instead of the archive.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = 1_000,
    out: Annotated[
        Path | None, typer.Option("--out", help="All rows into this file: .parquet, .arrow or .csv.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Query the published control data, or an account's queue, read-only and in nobody's way."""
    import polars as pl

    from tasks.store.published import query_published

    published = _published_account(account) if account else Settings().published_control
    if out is not None:
        show({"file": str(out.resolve()), "rows": _written(published, sql, out)}, as_json=as_json)
        return
    rows = query_published(published, sql, limit=limit + 1)
    ids = [name for name, kind in rows.schema.items() if name.endswith("_id") and kind.is_integer()]
    show_rows("rows", rows.head(limit).with_columns(pl.col(ids).cast(pl.String)), as_json=as_json)
    if rows.height > limit:
        note(f"These are the first {limit:,} rows of more: ask for others with --limit, or with a where clause.")


def export(
    folder: Annotated[Path, typer.Argument(help="Where the files go, one for each table.")],
    file_format: Annotated[Literal["parquet", "arrow", "csv"], typer.Option("--format")] = "parquet",
    tables: Annotated[
        list[str] | None, typer.Option("--table", help="A table or view; may be repeated; all tables of the archive.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the archive's tables to files for other tools."""
    from tasks.contracts.archive_events import ARCHIVED_TABLES

    published = Settings().published_control
    names = tables or [table.name for table in ARCHIVED_TABLES]
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in names}
    rows = [
        {
            "table": name,
            "rows": _written(published, f"from {quoted[name]}", folder / f"{Path(name).name}.{file_format}"),
        }
        for name in names
    ]
    show_rows("files", rows, as_json=as_json, title=str(folder.resolve()))


def _written(published: Path, sql: str, out: Path) -> int:
    from tasks.exchange.exported_rows import check_format, write_rows
    from tasks.store.published import all_rows

    check_format(out)
    with all_rows(published, sql) as rows:
        return write_rows(out, rows)


def _published_account(name: str) -> Path:
    from tasks.account_run import account_run
    from tasks.publish_account import publish_account

    run = account_run(name)
    publish_account(run.settings, run.account)
    return run.settings.published_account(name)


def _account_of(settings: Settings, event_id: int) -> str:
    """The account whose cell gave the id.

    Raises:
        LookupError: No account has that cell.
    """
    from tasks.exchange.roster import load_roster

    cell = event_id // CELL_SIZE
    for account in load_roster(settings.roster_path):
        if account.cell_id == cell:
            return account.name
    raise LookupError(f"No account in {settings.roster_path} has cell {cell}, which gave the id {event_id}")
