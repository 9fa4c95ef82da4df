"""Commands on message templates."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from deployments.command_line.options import AccountOrAll, instant
from deployments.command_line.output import AsJson, show, show_rows
from deployments.command_line.running import run_flow
from tasks.account_run import account_runs

app = typer.Typer(no_args_is_help=True, help="Message templates.")
Accounts = Annotated[list[str] | None, typer.Option("--account", help="Execution account; may be repeated; all.")]
SHOWN = ("account", "template_id", "version", "state", "event_type", "channel", "language")
TemplateId = Annotated[str, typer.Argument(metavar="ID", help="Template id.")]
At = Annotated[
    datetime | None, typer.Option("--at", parser=instant, metavar="INSTANT", help="When; now where left out.")
]


@app.command("publish")
def publish(
    path: Annotated[Path, typer.Argument(exists=True, help="Folder of *.toml, or a CSV, NDJSON or Parquet file.")],
    accounts: Accounts = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Check templates and publish them to every account: all of them or none."""
    from flows.publish_templates import publish_templates

    result = run_flow(publish_templates, path=str(path), accounts=accounts or None, at=at)
    show(result, as_json=as_json, title="Templates published")


@app.command("unpublish")
def unpublish(template_id: TemplateId, accounts: Accounts = None, at: At = None, as_json: AsJson = False) -> None:
    """End the publication of a template; what it superseded does not come back."""
    from tasks.publish_templates import unpublish_template

    changed = {
        run.account.name: unpublish_template(run.store, template_id, at=at or run.now) for run in account_runs(accounts)
    }
    show({"template_id": template_id, "unpublished": changed}, as_json=as_json)


@app.command("pause")
def pause(template_id: TemplateId, accounts: Accounts = None, as_json: AsJson = False) -> None:
    """Keep the events that a template wins, also those routed to it before, until it is resumed."""
    _set_paused(template_id, accounts, paused=True, as_json=as_json)


@app.command("resume")
def resume(template_id: TemplateId, accounts: Accounts = None, as_json: AsJson = False) -> None:
    """Let a paused template take its events again."""
    _set_paused(template_id, accounts, paused=False, as_json=as_json)


@app.command("list")
def list_them(account: AccountOrAll = None, as_json: AsJson = False) -> None:
    """List the versions of all templates, with their state."""
    from tasks.publish_templates import list_templates

    frames = [
        list_templates(run.store, now=run.now).select(pl.lit(run.account.name).alias("account"), pl.all())
        for run in account_runs([account] if account else None)
    ]
    templates = pl.concat(frames)
    show_rows("templates", templates if as_json else templates.select(SHOWN), as_json=as_json)


def _set_paused(template_id: str, accounts: list[str] | None, *, paused: bool, as_json: bool) -> None:
    from tasks.publish_templates import pause_template

    changed = {
        run.account.name: pause_template(run.store, template_id, paused=paused) for run in account_runs(accounts)
    }
    show({"template_id": template_id, "paused": paused, "versions": changed}, as_json=as_json)
