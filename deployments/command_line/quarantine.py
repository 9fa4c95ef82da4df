"""Commands on addresses that nothing is sent to."""

from datetime import UTC, datetime
from typing import Annotated

import polars as pl
import typer

from deployments.command_line.options import Account
from deployments.command_line.output import AsJson, show, show_rows
from tasks.account_run import account_run
from tasks.contracts.vocabulary import CHANNELS
from tasks.store import quarantine as in_store

app = typer.Typer(no_args_is_help=True, help="Addresses that bounced or complained: nothing is sent to them.")


@app.command("list")
def list_quarantined(account: Account, as_json: AsJson = False) -> None:
    """List the addresses in quarantine, the latest first."""
    rows = in_store.quarantined(account_run(account).store)
    show_rows("addresses", rows.with_columns(pl.col("event_id").cast(pl.String)), as_json=as_json, title="Quarantine")


@app.command("release")
def release(
    address: Annotated[str, typer.Argument(help="The address, as it is listed.")],
    account: Account,
    channel: Annotated[str | None, typer.Option(help=f"{', '.join(CHANNELS)}; left out: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let an address be used again: what is handed over from now on is sent."""
    if channel is not None and channel not in CHANNELS:
        raise LookupError(f"There is no channel {channel}; there are {', '.join(CHANNELS)}")
    run = account_run(account)
    released = in_store.release(run.store, address, channel=channel, now=datetime.now(UTC))
    if not released:
        raise LookupError(f"{address} is not in the quarantine of {account}")
    show({"address": address, "released": released}, as_json=as_json, title="Released")
