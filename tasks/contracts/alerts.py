"""What people are told without asking."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

AlertKind = Literal["failed-run", "failed-proof", "threshold", "unreadable-store", "late-runs"]
Severity = Literal["alert", "warning", "ended"]


class Alert(BaseModel):
    """One thing that somebody should know."""

    model_config = ConfigDict(frozen=True)

    key: str
    """What it is about; the same trouble has the same key in every run."""
    kind: AlertKind
    account: str | None
    severity: Severity
    text: str
    what_to_do: str
    run_url: str
    at: AwareDatetime


class RaisedAlert(BaseModel):
    """An alert that was raised and has not ended."""

    model_config = ConfigDict(frozen=True)

    alert: Alert
    since: AwareDatetime
    told_at: AwareDatetime | None
    """Null where it could not be delivered: the next run tries again."""


class AlertLedger(BaseModel):
    """All that was raised and has not ended, by key."""

    raised: dict[str, RaisedAlert] = {}


def has_to_be_told(alert: Alert, before: RaisedAlert | None, *, remind_after_hours: float) -> bool:
    """Whether it is new, worse than before, was never delivered, or was told so long ago that a reminder is due."""
    if before is None or before.told_at is None:
        return True
    is_worse = alert.severity == "alert" and before.alert.severity == "warning"
    return is_worse or _hours(before.told_at, alert.at) >= remind_after_hours


def _hours(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() / 3600
