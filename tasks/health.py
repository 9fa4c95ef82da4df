"""How the accounts are: quick, read-only, in nobody's way, and without Prefect, for a load balancer asks often."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
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

MIB: Final = 2**20
WINDOW: Final = timedelta(hours=1)
SAMPLE_AGE: Final = timedelta(minutes=15)
"""A busy store is told of by its last sample, if that is no older."""


@dataclass(frozen=True)
class Look:
    """How to look: `wait_seconds` for a busy store, at the last `window` before `now`."""

    settings: Settings
    now: datetime
    queue: Queue = "rt"
    window: timedelta = WINDOW
    wait_seconds: float = 2.0


def accounts_health(look: Look, accounts: Sequence[Account]) -> list[AccountHealth]:
    """The health of accounts, in their order. Changes nothing, and raises nothing about their stores."""
    control = StoreFile(look.settings.control_store, "control", look.wait_seconds)
    archived: dy.DataFrame[ArchiveFacts] | None = ArchiveFacts.create_empty()
    if control.path.exists():
        try:
            archived = archive_facts(control)
        except (StoreBusyError, StoreUnreadableError, StoreVersionError, OSError):
            archived = None
    return [_health(look, account, archived) for account in accounts]


def _health(look: Look, account: Account, archived: dy.DataFrame[ArchiveFacts] | None) -> AccountHealth:
    store = StoreFile(look.settings.account_store(account.name), "account", look.wait_seconds)
    if not store.path.exists():
        return _unseen(look, account, "missing", f"{store.path} is not there yet: the account's first flow makes it")
    try:
        facts = queue_facts(
            store,
            look.queue,
            since=look.now - look.window,
            now=look.now,
            parked_before=look.now - timedelta(days=account.parked_limit_days),
        )
    except StoreBusyError as error:
        return last_sample(look, account, str(error)) or _unseen(look, account, "busy", str(error))
    except (StoreUnreadableError, StoreVersionError, OSError) as error:
        return _unseen(look, account, "unreadable", str(error))
    measures = [queue_measures(facts, account.thresholds, window=look.window), _disk(look.settings.home)]
    if archived is not None:
        own = ArchiveFacts.validate(archived.filter(account=account.name))
        measures.append(archive_measures(facts, own, archive_every=account.archive_every, now=look.now))
    indicators = judge(Measure.validate(pl.concat(measures)), limits(account.thresholds))
    return AccountHealth(
        account.name, look.queue, look.now, "read", None, indicators, other_queued=facts["other_queued"][0]
    )


def _unseen(look: Look, account: Account, sight: Sight, told: str) -> AccountHealth:
    return AccountHealth(account.name, look.queue, look.now, sight, told, Indicator.create_empty())


def _disk(home: Path) -> dy.DataFrame[Measure]:
    value = shutil.disk_usage(home).free / MIB
    return Measure.validate(pl.DataFrame({"indicator": ["free_mib"], "value": [value], "judged": [True]}))


def keep_sample(settings: Settings, health: AccountHealth) -> None:
    """Keeps what was read of an account for when its store is busy; replaces the former sample in one step."""
    path = _sample_path(settings, health.account, health.queue)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({
        "at": health.at.isoformat(),
        "other_queued": health.other_queued,
        "indicators": health.indicators.write_json(),
    })  # fmt: skip
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def last_sample(look: Look, account: Account, told: str) -> AccountHealth | None:
    """What was read of a busy account a short while ago; None where there is no such sample."""
    try:
        kept = json.loads(_sample_path(look.settings, account.name, look.queue).read_text(encoding="utf-8"))
        at = datetime.fromisoformat(kept["at"])
        frame = pl.read_json(StringIO(kept["indicators"]), schema=Indicator.create_empty().schema)
        health = replace(_unseen(look, account, "busy", told), at=at, indicators=Indicator.validate(frame))
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        return None
    if not timedelta(0) <= look.now - at <= SAMPLE_AGE:
        return None
    return replace(health, other_queued=kept["other_queued"])


def _sample_path(settings: Settings, account: str, queue: Queue) -> Path:
    return settings.home / "health" / f"{account}.{queue}.json"
