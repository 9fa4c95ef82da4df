"""Commands on message templates."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer

from deployments.command_line.options import AccountOrAll, instant
from deployments.command_line.output import AsJson, note, show, show_diff, show_rows
from deployments.command_line.running import run_flow
from tasks.account_run import AccountRun, account_runs

if TYPE_CHECKING:
    from tasks.contracts.publish_templates import TemplateDiff
    from tasks.store.publish_templates import Change

app = typer.Typer(no_args_is_help=True, help="Message templates.")
Accounts = Annotated[list[str] | None, typer.Option("--account", help="Execution account; may be repeated; all.")]
HASH_SHOWN = 8
SHOWN = ("account", "template_id", "version", "state", "event_type", "channel", "language")
TemplateId = Annotated[str, typer.Argument(metavar="ID", help="Template id.")]
At = Annotated[
    datetime | None, typer.Option("--at", parser=instant, metavar="INSTANT", help="When; now where left out.")
]


By = Annotated[str | None, typer.Option("--by", help="Who does so, for the history; left out: your user name.")]
Source = Annotated[Path, typer.Argument(exists=True, help="Folder of *.toml, or a CSV, NDJSON or Parquet file.")]


@app.command("publish")
def publish(  # noqa: PLR0917 # what a command line offers
    path: Source,
    accounts: Accounts = None,
    at: At = None,
    by: By = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check templates, show what changes, and publish them to every account: all of them or none."""
    from flows.publish_templates import publish_templates

    if not as_json and _show_diff(path, accounts, at) and sys.stdin.isatty() and not yes:
        typer.confirm("Publish this?", abort=True)
    result = run_flow(publish_templates, path=str(path), accounts=accounts or None, at=at, by=by)
    show(result, as_json=as_json, title="Templates published")


@app.command("diff")
def diff(path: Source, accounts: Accounts = None, at: At = None, as_json: AsJson = False) -> None:
    """Check templates and show what publishing them would change."""
    if as_json:
        show_rows("changes", [vars(change) for change in _changes(path, accounts, at)], as_json=True)
    elif not _show_diff(path, accounts, at):
        note("Nothing changes.")


@app.command("preview")
def preview(
    path: Source,
    out: Annotated[Path, typer.Option("--out", help="Where to write the page.")] = Path("preview.html"),
    as_json: AsJson = False,
) -> None:
    """Write a page of what templates make of the sample events beside them."""
    from tasks.publish_templates import write_preview

    preview = write_preview(path, out)
    show({"page": str(out.resolve()), **vars(preview)}, as_json=as_json, title="Preview")


@app.command("unpublish")
def unpublish(
    template_id: TemplateId, accounts: Accounts = None, at: At = None, by: By = None, as_json: AsJson = False
) -> None:
    """End the publication of a template: what it superseded does not come back, what waits for it is not sent."""
    from tasks.change_templates import unpublish_template

    changed = {
        run.account.name: unpublish_template(run.store, template_id, at=at or run.now, change=_change(run, by))
        for run in account_runs(accounts)
    }
    show({"template_id": template_id, "unpublished": changed}, as_json=as_json)


@app.command("pause")
def pause(template_id: TemplateId, accounts: Accounts = None, by: By = None, as_json: AsJson = False) -> None:
    """Keep the events that a template wins, also those routed to it before, until it is resumed."""
    _set_paused(template_id, accounts, paused=True, by=by, as_json=as_json)


@app.command("resume")
def resume(template_id: TemplateId, accounts: Accounts = None, by: By = None, as_json: AsJson = False) -> None:
    """Let a paused template take its events again."""
    _set_paused(template_id, accounts, paused=False, by=by, as_json=as_json)


@app.command("rollback")
def rollback(
    template_id: TemplateId,
    version: Annotated[int, typer.Option("--to", min=1, help="The version whose content comes back.")],
    accounts: Accounts = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Publish the content of an earlier version again, as a new one."""
    from tasks.change_templates import version_to_publish_again
    from tasks.publish_templates import publish_templates

    runs = account_runs(accounts)
    stores = {run.account.name: run.store for run in runs}
    sources = version_to_publish_again(stores, template_id, version)
    done = publish_templates(
        stores, sources, at=runs[0].now, change=_change(runs[0], by), journal=runs[0].settings.publications
    )
    published = {name: publication.published for name, publication in done.items()}
    show({"template_id": template_id, "to": version, "published": published}, as_json=as_json)


@app.command("history")
def history(
    template_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Template id; all where left out.")] = None,
    account: AccountOrAll = None,
    as_json: AsJson = False,
) -> None:
    """List who published, unpublished, paused and resumed which version, when, and the hash of its content."""
    from tasks.change_templates import template_history

    frames = [
        template_history(run.store, template_id).select(pl.lit(run.account.name).alias("account"), pl.all())
        for run in account_runs([account] if account else None)
    ]
    changes = pl.concat(frames).sort("changed_at", maintain_order=True)
    shown = changes.select(
        "account", "template_id", "version", "action", pl.col("changed_at").dt.strftime("%Y-%m-%d %H:%M:%S"),
        "changed_by", pl.col("content_hash").str.head(HASH_SHOWN),
    )  # fmt: skip
    show_rows("changes", changes if as_json else shown, as_json=as_json)


@app.command("list")
def list_them(account: AccountOrAll = None, as_json: AsJson = False) -> None:
    """List the versions of all templates, with their state."""
    from tasks.change_templates import list_templates

    frames = [
        list_templates(run.store, now=run.now).select(pl.lit(run.account.name).alias("account"), pl.all())
        for run in account_runs([account] if account else None)
    ]
    templates = pl.concat(frames)
    show_rows("templates", templates if as_json else templates.select(SHOWN), as_json=as_json)


def _set_paused(template_id: str, accounts: list[str] | None, *, paused: bool, by: str | None, as_json: bool) -> None:
    from tasks.change_templates import pause_template

    changed = {
        run.account.name: pause_template(run.store, template_id, paused=paused, change=_change(run, by))
        for run in account_runs(accounts)
    }
    show({"template_id": template_id, "paused": paused, "versions": changed}, as_json=as_json)


def _changes(path: Path, accounts: list[str] | None, at: datetime | None) -> "list[TemplateDiff]":
    from tasks.publish_templates import compare_templates, read_templates

    runs = account_runs(accounts)
    stores = {run.account.name: run.store for run in runs}
    return compare_templates(stores, read_templates(path), at=at or runs[0].now)


def _show_diff(path: Path, accounts: list[str] | None, at: datetime | None) -> bool:
    """Shows what would change; whether anything would."""
    changes = _changes(path, accounts, at)
    for change in changes:
        show_diff(change.text, f"{change.template_id}: {', '.join(change.accounts)}")
    return bool(changes)


def _change(run: AccountRun, by: str | None) -> "Change":
    from tasks.store.publish_templates import Change

    return Change(by or run.settings.user, run.now)
