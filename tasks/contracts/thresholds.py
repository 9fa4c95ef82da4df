"""From when on an indicator of an account's health is a warning, and from when on an alert: data, with a direction."""

from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Worse = Literal["higher", "lower"]


class Threshold(BaseModel):
    """One indicator's limits. A value at a limit has reached it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    warning: float
    alert: float
    worse: Worse

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if (self.alert < self.warning) if self.worse == "higher" else (self.alert > self.warning):
            raise ValueError(f"{self.worse} is worse here, so the alert {self.alert:g} comes before the warning")
        return self


def _higher(warning: float, alert: float) -> Threshold:
    return Threshold(warning=warning, alert=alert, worse="higher")


def _lower(warning: float, alert: float) -> Threshold:
    return Threshold(warning=warning, alert=alert, worse="lower")


class Thresholds(BaseModel):
    """`[account.thresholds]`: what is left out is the product's; `false` switches an indicator off.

    Source: the deployment wizard of a Message Center cell, options `MC_RtEvent...Warning` and `...Alert`. It shows 450
    and 250 for the average queue, a warning above its alert, which is probably a mistake: here it is 250 and 450, and
    higher is worse. Its throughput is per hour, as the report has it. The last three indicators are our own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_events: int = Field(default=20, ge=1, description="Rates and averages over fewer events are not judged.")
    queued: Threshold | Literal[False] = _higher(100, 400)
    error_rate_percent: Threshold | Literal[False] = _higher(1, 5)
    outgoing_per_hour: Threshold | Literal[False] = _lower(18_000, 15_000)
    average_queue_seconds: Threshold | Literal[False] = _higher(4, 8)
    average_sending_seconds: Threshold | Literal[False] = _higher(6, 12)
    average_processing_seconds: Threshold | Literal[False] = _higher(10, 20)
    max_queued: Threshold | Literal[False] = _higher(100, 400)
    min_queued: Threshold | Literal[False] = _higher(100, 200)
    average_queued: Threshold | Literal[False] = _higher(250, 450)
    oldest_due_seconds: Threshold | Literal[False] = _higher(900, 3_600)
    archive_periods: Threshold | Literal[False] = _higher(2, 6)
    different_days: Threshold | Literal[False] = _higher(1, 1)

    def only(self, indicator: str) -> "Thresholds":
        """These, with every other indicator switched off."""
        return self.model_copy(update={name: False for name in INDICATORS if name != indicator})

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, given: Any) -> Any:
        """A table that says only a part of a threshold keeps the rest of the default."""
        if not isinstance(given, dict):
            return given
        return {name: _complete(cls.model_fields[name].default, value) if name in cls.model_fields else value
                for name, value in given.items()}  # fmt: skip


def _complete(default: object, value: object) -> object:
    if isinstance(default, Threshold) and isinstance(value, dict):
        return {**default.model_dump(), **value}
    return value


INDICATORS: Final = tuple(name for name in Thresholds.model_fields if name != "min_events")
AVERAGED: Final = (
    "error_rate_percent", "average_queue_seconds", "average_sending_seconds", "average_processing_seconds",
)  # fmt: skip
"""Indicators that few events say nothing about."""
