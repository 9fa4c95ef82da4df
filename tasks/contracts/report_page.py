"""What the page of the three reports shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

STEPS_SECONDS = (300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000)
"""Widths of a step of time: the product's five minutes first."""
MOST_STEPS = 300


@dataclass(frozen=True)
class ReportNumbers:
    """A period, and the numbers of it by name."""

    from_at: datetime
    to_at: datetime
    step_seconds: int
    frames: Mapping[str, pl.DataFrame]
    """`service_level`, `processing_time`, `event_history`, `volumes`, `errors`, `times`, `depths`, `lengths`, and
    `indicators` as judged by the thresholds of their accounts."""


def step_of(from_at: datetime, to_at: datetime) -> int:
    """The seconds of a step that cuts a period into `MOST_STEPS` at most, the widest for what is longer than that."""
    seconds = (to_at - from_at).total_seconds()
    return next((step for step in STEPS_SECONDS if seconds / step <= MOST_STEPS), STEPS_SECONDS[-1])
