"""The command `health`: is the queue full, and how is the account otherwise? Starts without Prefect."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from deployments.command_line.options import AccountOrAll, Now
from deployments.command_line.output import AsJson, note, print_json, show_rows
from tasks.contracts.health import HEALTH_STATUSES, AccountHealth
from tasks.contracts.vocabulary import Queue
from tasks.settings import Settings


def health(  # noqa: PLR0917
    account: AccountOrAll = None,
    queue: Annotated[Queue, typer.Option("--queue", help="Queue to ask about.")] = "rt",
    window: Annotated[int, typer.Option("--window", min=1, max=44_640, metavar="MINUTES", help="Looks back.")] = 60,
    wait: Annotated[float, typer.Option("--wait", min=0, max=600, help="Seconds to wait for a busy store.")] = 2,
    ping: Annotated[bool, typer.Option("--ping", help="Judge nothing but whether the queue is full.")] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Tell how accounts are against their thresholds; ends with 1 at an alert."""
    from tasks.exchange.roster import load_roster
    from tasks.health import Look, accounts_health, health_rows

    settings = Settings()
    accounts = [one for one in load_roster(settings.roster_path) if account in {None, one.name}]
    if account and not accounts:
        raise LookupError(f"No account '{account}' in {settings.roster_path}. See: message-center accounts list")
    if ping:
        accounts = [one.model_copy(update={"thresholds": one.thresholds.only("queued")}) for one in accounts]
    look = Look(settings, now or datetime.now(UTC), queue, timedelta(minutes=window), wait)
    seen = accounts_health(look, accounts)
    status = max((one.status for one in seen), key=HEALTH_STATUSES.index, default="ok")
    if as_json:
        listed = [_as_object(one) for one in seen]
        print_json({"status": status, "at": look.now, "queue": queue, **_fullest(seen), "accounts": listed})
    else:
        show_rows("indicators", health_rows(seen), as_json=False, title=f"Queue {queue}, last {window} min: {status}")
        for one in seen:
            if one.told:
                note(f"{one.account}: {one.sight}: {one.told}")
    raise typer.Exit(1 if status == "alert" else 0)


def _fullest(seen: list[AccountHealth]) -> dict[str, float | None]:
    """What the product's mcPing says, of the account whose queue is the fullest."""
    nothing: dict[str, float | None] = {"queued": None, "max": None}
    return max(map(_ping, seen), key=lambda one: (one["queued"] or 0) / (one["max"] or 1), default=nothing)


def _ping(one: AccountHealth) -> dict[str, float | None]:
    """Events pending in the queue, and at how many it is full."""
    return {"queued": one.value("queued"), "max": one.value("queued", "alert")}


def _as_object(one: AccountHealth) -> dict[str, object]:
    other = "rt" if one.queue == "batch" else "batch"
    return {
        "account": one.account,
        "status": one.status,
        "state": one.sight,
        "told": one.told,
        **_ping(one),
        f"queued_{other}": one.other_queued,
        "indicators": one.indicators.to_dicts(),
    }
