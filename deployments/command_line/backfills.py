"""Events run through the live code once more."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from deployments.command_line.options import Now, instant
from deployments.command_line.output import AsJson, note, show, show_rows
from deployments.command_line.running import run_flow
from tasks.contracts.backfill_events import TemplateTime
from tasks.contracts.vocabulary import Queue

DRY = "Nothing was changed: this was a dry run, on copies of the stores. Do it with --apply."


def backfill(
    paths: Annotated[list[Path] | None, typer.Argument(exists=True, help="Event files or folders.")] = None,
    *,
    accounts: Annotated[list[str] | None, typer.Option("--account", help="Account; may be repeated; all.")] = None,
    queue: Annotated[Queue, typer.Option(help="Queue of the events in files.")] = "batch",
    from_at: Annotated[
        datetime | None, typer.Option("--from", parser=instant, metavar="INSTANT", help="Created from this instant on.")
    ] = None,
    to_at: Annotated[
        datetime | None, typer.Option("--to", parser=instant, metavar="INSTANT", help="Created before this instant.")
    ] = None,
    event_id: Annotated[list[int] | None, typer.Option("--id", help="These events; may be repeated.")] = None,
    template_time: Annotated[
        TemplateTime, typer.Option(help="Templates in force now, or when each event was created.")
    ] = "processing",
    deliver: Annotated[bool, typer.Option("--deliver", help="Then hand over what waits.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=8, help="Partitions worked over at once.")] = 2,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; left out, only tell what would change.")] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Take events in, route them, join them with all of their logs; by files, by window or by id."""
    from flows.backfill_events import backfill_events

    result = run_flow(
        backfill_events,
        accounts=accounts or None,
        paths=[str(path) for path in paths] if paths else None,
        queue=queue,
        from_at=from_at,
        to_at=to_at,
        event_ids=event_id or None,
        template_time=template_time,
        deliver=deliver,
        workers=workers,
        dry_run=not apply,
        now=now,
    )
    if as_json:
        show(
            {"dry_run": not apply, **result.counts, "changes": result.changes, "unreadable": result.unreadable},
            as_json=True,
        )
        return
    show({"dry_run": not apply, **result.counts}, as_json=False, title="Backfill")
    show_rows("changes", result.table, as_json=False, title="Events by status before and after")
    for reason in result.unreadable:
        note(f"not taken in: {reason}")
    if not apply:
        note(DRY)
