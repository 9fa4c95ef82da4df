"""What is wrong with the accounts and their runs, as alerts."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from tasks.advice import KNOWN
from tasks.alerts import settle
from tasks.artifacts import show_markdown, show_table
from tasks.contracts.accounts import Account
from tasks.contracts.alerts import Alert, RaisedAlert
from tasks.contracts.health import HEALTH_STATUSES, AccountHealth, HealthStatus
from tasks.contracts.vocabulary import QUEUES
from tasks.health import Look, accounts_health, health_rows
from tasks.late_runs import Lateness
from tasks.settings import Settings
from tasks.stage import stage

OF_THE_ARCHIVE: Final = ("archive_periods", "different_days")
"""Indicators that are the same for both queues."""
ADVICE: Final = {
    "error_rate_percent": 'see what failed and why: `message-center query "select account, status, reason, count(*) '
    'from event group by all"`',
    "outgoing_per_hour": "look at the sender and its server; `error_count` of events that are `pending_delivery`",
    "archive_periods": "look at the last runs of the account's `mcSynch_...` deployment",
    "different_days": "run `archive` again, then report it; table archive_proof holds both sides of every day",
}
UNREADABLE: Final = next(one.do for one in KNOWN if one.name == "StoreUnreadableError")
IN_THE_QUEUE: Final = "see whether the account's runs come and complete, which stage is slow, what waits and why"


@stage
def look_at_accounts(settings: Settings, accounts: Sequence[Account], *, now: datetime) -> list[AccountHealth]:
    """The health of each account, once for each queue. A busy store is given two seconds."""
    return [one for queue in QUEUES for one in accounts_health(Look(settings, now, queue), accounts)]


def worst(seen: Sequence[AccountHealth]) -> HealthStatus:
    """The status of all together."""
    return max((one.status for one in seen), key=HEALTH_STATUSES.index, default="ok")


async def settle_alerts(
    settings: Settings,
    seen: Sequence[AccountHealth],
    late: Sequence[Lateness] | None,
    *,
    known: Sequence[str],
    now: datetime,
    run_url: str,
) -> None:
    """Raises and ends alerts by what was seen.

    Args:
        settings: Where the ledger of alerts is, and how they leave.
        seen: The accounts that were looked at.
        late: What is wrong with runs; None where nobody looked.
        known: All accounts there are; what concerns others has ended.
        now: When it was seen.
        run_url: The run that saw it.
    """
    current = [alert for one in seen for alert in _alerts(one, now, run_url)]
    current += [_late_alert(one, now, run_url) for one in late or ()]
    unique = list({alert.key: alert for alert in current}.values())
    looked = {prefix for one in seen for prefix in _looked_at(one)} | ({"late/"} if late is not None else set())

    def looked_at(key: str) -> bool:
        kind, account, *_ = [*key.split("/"), ""]
        is_gone = kind in {"threshold", "store"} and account not in known
        return is_gone or any(key.startswith(prefix) for prefix in looked)

    await settle(settings, unique, looked_at, now=now, run_url=run_url)


async def show_health(
    seen: Sequence[AccountHealth], late: Sequence[Lateness], still: Sequence[RaisedAlert], *, now: datetime
) -> None:
    """Leaves a table per account, and a page about all."""
    for account in dict.fromkeys(one.account for one in seen):
        of = [one for one in seen if one.account == account]
        rows = [{"queue": one.queue, **row} for one in of for row in health_rows([one])]
        rows += [{"queue": one.queue, "indicator": one.sight, "value": one.told} for one in of if one.told]
        await show_table(f"health-{account}", rows, f"Account {account} against its thresholds, last hour")
    await show_markdown("health", "\n".join(_page(seen, late, still, now)), "How the accounts and their runs are")


def _page(
    seen: Sequence[AccountHealth], late: Sequence[Lateness], still: Sequence[RaisedAlert], now: datetime
) -> Iterator[str]:
    yield f"# Health at {now:%Y-%m-%d %H:%M}Z: {worst(seen)}\n"
    yield "| account | queue | status | queued | reached |\n|---|---|---|---|---|"
    for one in seen:
        reached = one.indicators.filter(status="alert")["indicator"].to_list()
        reached += one.indicators.filter(status="warning")["indicator"].to_list()
        queued = one.value("queued")
        yield (
            f"| {one.account} | {one.queue} | {one.status} | {'' if queued is None else int(queued)} "
            f"| {', '.join(reached) or one.told or ''} |"
        )
    yield "\n## Runs\n"
    yield from [f"- {one.text}. What to do: {one.do}." for one in late] or ["All on time."]
    yield "\n## Alerts that go on\n"
    yield from [f"- since {one.since:%Y-%m-%d %H:%M}Z: {one.alert.text}" for one in still] or ["None."]


def _alerts(one: AccountHealth, now: datetime, run_url: str) -> Iterator[Alert]:
    common: dict[str, Any] = {"account": one.account, "run_url": run_url, "at": now}
    if one.sight == "unreadable":
        key, text = f"store/{one.account}", one.told or f"the store of account {one.account} cannot be read"
        yield Alert(key=key, kind="unreadable-store", severity="alert", text=text, what_to_do=UNREADABLE, **common)
    for row in one.indicators.filter(one.indicators["status"] != "ok").iter_rows(named=True):
        name, severity = row["indicator"], row["status"]
        queue = "archive" if name in OF_THE_ARCHIVE else one.queue
        reached = f"{name.replace('_', ' ')} is {row['value']:g}, {severity} from {row[severity]:g}"
        yield Alert(
            key=f"threshold/{one.account}/{queue}/{name}",
            kind="threshold",
            severity=severity,
            text=f"account {one.account}, {queue}: {reached}",
            what_to_do=ADVICE.get(name, IN_THE_QUEUE),
            **common,
        )


def _late_alert(one: Lateness, now: datetime, run_url: str) -> Alert:
    return Alert(
        key=f"late/{one.deployment}",
        kind="late-runs",
        account=one.account,
        severity="alert",
        text=one.text,
        what_to_do=one.do,
        run_url=run_url,
        at=now,
    )


def _looked_at(one: AccountHealth) -> Iterator[str]:
    """What is known of an account now; of a busy store nothing is, and its alerts go on."""
    if one.sight == "busy":
        return
    yield f"store/{one.account}"
    if one.sight == "unreadable":
        return
    yield f"threshold/{one.account}/{one.queue}/"
    if one.told is None:
        yield f"threshold/{one.account}/archive/"
