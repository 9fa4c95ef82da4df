"""What a check-up finds: facts about a store, and findings that tell an operator what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import dataframely as dy

from tasks.contracts.frame import Frame

Severity = Literal["error", "warning", "note"]
"""An error: something is lost or broken. A warning: somebody has to do something. A note: good to know."""
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that a check-up found."""

    severity: Severity
    where: str
    what: str
    do: str
    """The next step, as a command where there is one."""


@dataclass(frozen=True)
class Limits:
    """From when on a thing is found worth telling."""

    now: datetime
    stuck_before: datetime
    """Handed over before it, and no final word yet."""
    waiting_before: datetime
    """Due since before it, and not processed."""
    parked_before: datetime
    """Log rows received before it whose event is still unknown."""


@dataclass(frozen=True)
class AccountFacts:
    """Counts of an account's store."""

    repeated_event_ids: int
    repeated_event_keys: int
    stuck: int
    waiting: int
    paused: int
    not_handed_over: int
    claimed_batches: int
    unsure: int
    newest: datetime | None
    last_change_seq: int


@dataclass(frozen=True)
class StoreSight:
    """What was seen of a store's file."""

    rows: Mapping[str, int]
    """Rows of each table, all of them read."""
    pending_migrations: tuple[str, ...]


class ArchivedUpto(Frame):
    """How far an account is archived."""

    account = dy.String(primary_key=True)
    change_seq = dy.Int64()
    archived_at = dy.Datetime(time_unit="us", time_zone="UTC")


class OpenProof(Frame):
    """A table's days of an account that differ, or are still to be proved."""

    account = dy.String()
    table_name = dy.String()
    different = dy.Int64()
    due = dy.Int64()
    first_day = dy.Date(nullable=True)
