"""Stage 6: delivery logs are joined to events, and give them their final status."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import dataframely as dy
import polars as pl

from tasks.contracts.accounts import Account
from tasks.contracts.collect_delivery_logs import status_rules
from tasks.contracts.update_event_status import StatusChange
from tasks.stage import stage
from tasks.store import silent_events
from tasks.store import update_event_status as in_store
from tasks.store.connection import StoreFile
from tasks.transforms.update_event_status import status_changes


@dataclass(frozen=True)
class StatusCounts:
    """What a run of the status join did."""

    log_rows: int
    """Log rows that had their effect."""
    changed: int
    parked: int
    """Log rows that wait for their event."""
    parked_overdue: int
    """Of these, the ones that wait for longer than the account's limit."""
    by_status: dict[str, int]
    """Events changed, by the status they have now."""


@stage
def give_up_on_silent(store: StoreFile, *, account: Account, now: datetime) -> int:
    """Fails what was handed over and that no log spoke of in the account's `outcome_within_hours`, if it has any.

    It fails by a log row of kind `soft_bounced`, reason `no_outcome`: whatever is told later counts more.
    """
    if account.outcome_within_hours is None:
        return 0
    rules = status_rules(account.policy, accepted_means_sent=account.accepted_means_sent)
    rank = rules.filter(pl.col("kind").cast(pl.String) == "soft_bounced")["rank"].item()
    return silent_events.give_up(store, within=timedelta(hours=account.outcome_within_hours), rank=rank, now=now)


@stage
def read_open_logs(store: StoreFile) -> in_store.OpenLogs:
    """The log rows that have had no effect yet, with their events."""
    return in_store.open_logs(store)


@stage
def join_statuses(logs: in_store.OpenLogs, *, account: Account) -> dy.DataFrame[StatusChange]:
    """What the account's policy makes of the logs."""
    rules = status_rules(account.policy, accepted_means_sent=account.accepted_means_sent)
    return status_changes(logs.events, logs.outcomes, rules)


@stage
def apply_statuses(
    store: StoreFile,
    logs: in_store.OpenLogs,
    changes: dy.DataFrame[StatusChange],
    *,
    account: Account,
    now: datetime,
) -> StatusCounts:
    """Writes the new statuses in one transaction with the log rows that caused them, and counts."""
    applied = in_store.apply_status_changes(store, logs, changes, now=now)
    limit = timedelta(days=account.parked_limit_days)
    parked = in_store.count_parked(store, received_before=now - limit)
    return StatusCounts(
        log_rows=applied.log_rows,
        changed=applied.changes.height,
        parked=parked.rows,
        parked_overdue=parked.overdue,
        by_status=dict(applied.changes.group_by("status").len().sort("status").iter_rows()),
    )
