"""What a backfill works over, in which parts, and what it changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import dataframely as dy

from tasks.contracts.counts import Counts
from tasks.contracts.frame import Frame

TemplateTime = Literal["processing", "event"]
"""As of when a template wins: as of the run, as live runs do, or as of when the event was created."""
PARTITION_EVENTS = 1_000_000
"""A month with more events is cut into several partitions, at days: they bound the memory of a backfill."""


@dataclass(frozen=True)
class Scope:
    """The events of one backfill: those of files, those of a window of creation, or some by id.

    Raises:
        ValueError: Nothing is named, or more than one of the three, or a window that ends before it begins.
    """

    files: tuple[Path, ...] = ()
    source_files: tuple[str, ...] = ()
    """What events call these files."""
    from_at: datetime | None = None
    to_at: datetime | None = None
    event_ids: Sequence[int] = ()

    def __post_init__(self) -> None:
        """Checks it."""
        is_window = self.from_at is not None or self.to_at is not None
        if [bool(self.files), is_window, bool(self.event_ids)].count(True) != 1:
            raise ValueError(
                "Name what to work over: files, or a window (from, to, or both), or event ids; one of the three."
            )
        if self.from_at is not None and self.to_at is not None and self.from_at >= self.to_at:
            raise ValueError(f"The window ends at {self.to_at}, which is not after its begin at {self.from_at}.")


@dataclass(frozen=True)
class Partition:
    """A part of the events of an account: those created from one instant on and before another."""

    account: str
    from_at: datetime
    to_at: datetime
    events: int

    @property
    def name(self) -> str:
        """Days, the last within it; one where it is only one."""
        return f"{self.account} {self.from_at:%Y-%m-%d} to {self.to_at:%Y-%m-%d}"


class EventDay(Frame):
    """How many events of a scope were created on a day (UTC)."""

    day = dy.Datetime(primary_key=True, time_unit="us", time_zone="UTC")
    events = dy.Int64(min=1)


class EventPeriod(Frame):
    """The events of a scope that were created from one day on and before another (UTC)."""

    from_at = dy.Datetime(primary_key=True, time_unit="us", time_zone="UTC")
    to_at = dy.Datetime(time_unit="us", time_zone="UTC")
    events = dy.Int64(min=1)


class ScopedEvent(Frame):
    """An event of a partition, as it stood."""

    event_id = dy.Int64(primary_key=True)
    status = dy.String(nullable=True)  # null: this run took it in
    reason = dy.String(nullable=True)


class StatusDiff(Frame):
    """How many events went from one status to another, or stayed; the reason is the new one."""

    status_before = dy.String(nullable=True)
    status_after = dy.String()
    reason = dy.String(nullable=True)
    events = dy.Int64(min=1)


@dataclass(frozen=True)
class PartitionCounts(Counts):
    """What was done to the events of a partition, or of several."""

    partitions: int = 0
    events: int = 0
    routed: int = 0
    """Pending events that were due."""
    rejoined: int = 0
    """Events whose status came out otherwise when all of their logs were joined again."""
