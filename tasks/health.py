"""How the accounts are: quick, read-only, in nobody's way, and without Prefect, for a load balancer asks often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.accounts import Account
from tasks.contracts.health import AccountHealth, ArchiveFacts, Indicator, Measure, Sight
from tasks.contracts.vocabulary import Queue
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.health import archive_facts, queue_facts
from tasks.store.lock import StoreBusyError
from tasks.store.store_errors import StoreUnreadableError, StoreVersionError
from tasks.transforms.health import archive_measures, judge, limits, queue_measures

WINDOW: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Look:
    """How to look: `wait_seconds` for a busy store, at the last `window` before `now`."""

    settings: Settings
    now: datetime
    queue: Queue = "rt"
    window: timedelta = WINDOW
    wait_seconds: float = 2.0


@dataclass(frozen=True)
class Archived:
    """What the control store says of all accounts; `told` where it could not be looked at."""

    facts: dy.DataFrame[ArchiveFacts] | None
    told: str | None = None


def accounts_health(look: Look, accounts: Sequence[Account]) -> list[AccountHealth]:
    """The health of accounts, in their order. Changes nothing, and raises nothing about their stores."""
    archived = _archived(look) if any(asks_archive(one) for one in accounts) else Archived(None)
    return [_health(look, account, archived) for account in accounts]


def asks_archive(account: Account) -> bool:
    """Whether the account has a threshold that the control store is needed for."""
    return bool(account.thresholds.archive_periods or account.thresholds.different_days)


def health_rows(seen: Sequence[AccountHealth]) -> list[dict[str, object]]:
    """Indicators as people read them."""
    return [
        {
            "account": one.account,
            "indicator": row["indicator"].replace("_", " "),
            "value": None if row["value"] is None else round(row["value"], 2),
            "warning": row["warning"],
            "alert": row["alert"],
            "worse": row["direction"],
            "status": _told_status(row),
        }
        for one in seen
        for row in one.indicators.iter_rows(named=True)
    ]


def _told_status(row: dict[str, object]) -> str:
    """An indicator's status, or why it has none."""
    if row["direction"] is None:
        return "off"
    if row["value"] is None:
        return "not measured"
    return str(row["status"]) if row["judged"] else "too few to judge"


def _archived(look: Look) -> Archived:
    control = StoreFile(look.settings.control_store, "control", look.wait_seconds)
    if not control.path.exists():
        return Archived(ArchiveFacts.create_empty())
    try:
        return Archived(archive_facts(control))
    except (StoreBusyError, StoreUnreadableError, StoreVersionError, OSError) as error:
        return Archived(None, str(error))


def _health(look: Look, account: Account, archived: Archived) -> AccountHealth:
    store = StoreFile(look.settings.account_store(account.name), "account", look.wait_seconds)
    if not store.path.exists():
        return _unseen(look, account, "missing", f"{store.path} is not there yet: the account's first flow makes it")
    try:
        facts = queue_facts(store, look.queue, since=look.now - look.window, now=look.now)
    except StoreBusyError as error:
        return _unseen(look, account, "busy", str(error))
    except (StoreUnreadableError, StoreVersionError, OSError) as error:
        return _unseen(look, account, "unreadable", str(error))
    measures = [queue_measures(facts, account.thresholds, window=look.window)]
    if archived.facts is not None:
        own = ArchiveFacts.validate(archived.facts.filter(account=account.name))
        measures.append(archive_measures(facts, own, archive_every=account.archive_every, now=look.now))
    indicators = judge(Measure.validate(pl.concat(measures)), limits(account.thresholds))
    told = archived.told if asks_archive(account) else None
    return AccountHealth(account.name, look.queue, look.now, "read", told, indicators, facts["other_queued"][0])


def _unseen(look: Look, account: Account, sight: Sight, told: str) -> AccountHealth:
    return AccountHealth(account.name, look.queue, look.now, sight, told, Indicator.create_empty())
