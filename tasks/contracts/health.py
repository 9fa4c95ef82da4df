"""How an account is: indicators, each with its limits, and what they come to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import dataframely as dy

from tasks.contracts.frame import Frame
from tasks.contracts.vocabulary import Queue

HealthStatus = Literal["ok", "warning", "alert"]
HEALTH_STATUSES: Final[tuple[HealthStatus, ...]] = ("ok", "warning", "alert")
"""From good to bad."""
Sight = Literal["read", "busy", "unreadable", "missing"]
"""Whether the account's store could be looked at."""


class Measure(Frame):
    """An indicator's value; null where there is nothing to measure."""

    indicator = dy.String(primary_key=True)
    value = dy.Float64(nullable=True)
    judged = dy.Bool()
    """False where it rests on too few events, or on no demand."""


class Limit(Frame):
    """An indicator's thresholds; null where it is switched off."""

    indicator = dy.String(primary_key=True)
    warning = dy.Float64(nullable=True)
    alert = dy.Float64(nullable=True)
    worse = dy.String(nullable=True, check=lambda worse: worse.is_in(["higher", "lower"]))


class Indicator(Frame):
    """A measure against its limits."""

    indicator = dy.String(primary_key=True)
    value = dy.Float64(nullable=True)
    warning = dy.Float64(nullable=True)
    alert = dy.Float64(nullable=True)
    direction = dy.String(nullable=True)
    status = dy.Enum(list(HEALTH_STATUSES))
    judged = dy.Bool()


class QueueFacts(Frame):
    """One row: what a queue of an account has done in a window, and how it stands at its end."""

    queued = dy.Int64()
    other_queued = dy.Int64()
    """Pending in the account's other queue."""
    left_over = dy.Int64()
    """Due, and in the queue since before the window."""
    came_in = dy.Int64()
    went_out = dy.Int64()
    failed = dy.Int64()
    """Of those that came in: no template, expired, delivery failed, ignored."""
    average_queue_seconds = dy.Float64(nullable=True)
    average_sending_seconds = dy.Float64(nullable=True)
    average_processing_seconds = dy.Float64(nullable=True)
    max_queued = dy.Int64(nullable=True)
    min_queued = dy.Int64(nullable=True)
    average_queued = dy.Float64(nullable=True)
    oldest_due_seconds = dy.Float64(nullable=True)
    last_change_seq = dy.Int64()
    first_received_at = dy.Datetime(time_unit="us", time_zone="UTC", nullable=True)


class ArchiveFacts(Frame):
    """How far an account is archived, and how many days of it differ."""

    account = dy.String(primary_key=True)
    change_seq = dy.Int64()
    archived_at = dy.Datetime(time_unit="us", time_zone="UTC")
    different_days = dy.Int64()


@dataclass(frozen=True)
class AccountHealth:
    """One account at one instant."""

    account: str
    queue: Queue
    at: datetime
    sight: Sight
    told: str | None
    """Why its store, or the control store, could not be looked at."""
    indicators: dy.DataFrame[Indicator]
    """None where its store could not be looked at."""
    other_queued: int | None = None

    @property
    def status(self) -> HealthStatus:
        """The worst of its indicators. A busy store is a warning at least, an unreadable one an alert."""
        seen: HealthStatus = {"busy": "warning", "unreadable": "alert"}.get(self.sight, "ok")  # type: ignore[assignment]
        return max([seen, *self.indicators["status"].to_list()], key=HEALTH_STATUSES.index)

    def value(self, indicator: str, column: str = "value") -> float | None:
        """What an indicator says, or one of its limits."""
        found: list[float | None] = self.indicators.filter(indicator=indicator)[column].to_list()
        return found[0] if found else None
