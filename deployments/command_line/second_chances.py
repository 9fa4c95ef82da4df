"""Commands that give events a second chance."""

from datetime import datetime
from typing import Annotated

import typer

from deployments.command_line.options import Account, Now, instant
from deployments.command_line.output import AsJson, note, show
from deployments.command_line.running import run_flow

Apply = Annotated[bool, typer.Option("--apply", help="Make the events; left out, only tell what would be made.")]
DRY = "Nothing was changed: this was a dry run. Make the events with --apply."


def replay(
    account: Account,
    *,
    event_type: Annotated[str | None, typer.Option("--type", help="Events of this type; left out: of any.")] = None,
    from_at: Annotated[
        datetime | None, typer.Option("--from", parser=instant, metavar="INSTANT", help="Routed from this instant on.")
    ] = None,
    to_at: Annotated[
        datetime | None, typer.Option("--to", parser=instant, metavar="INSTANT", help="Routed before this instant.")
    ] = None,
    event_id: Annotated[list[int] | None, typer.Option("--id", help="These events; may be repeated.")] = None,
    apply: Apply = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Make new events for those not taken into account that a template takes now."""
    from flows.replay_events import replay_events

    counts = run_flow(
        replay_events,
        account=account,
        event_type=event_type,
        from_at=from_at,
        to_at=to_at,
        event_ids=event_id or None,
        dry_run=not apply,
        now=now,
    )
    show({"dry_run": not apply, **vars(counts)}, as_json=as_json, title=f"Replay on {account}")
    if not apply:
        note(DRY)


def recycle(account: Account, apply: Apply = False, now: Now = None, as_json: AsJson = False) -> None:
    """Send again what failed on one channel, on the next of the account's `fallback_channels`."""
    from flows.recycle_events import recycle_events

    counts = run_flow(recycle_events, account=account, dry_run=not apply, now=now)
    show({"dry_run": not apply, **vars(counts)}, as_json=as_json, title=f"Recycling on {account}")
    if not apply:
        note(DRY)
