"""What a demonstration tells: its numbers, and the frames behind its pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

Counts = dict[str, int]


@dataclass(frozen=True)
class AccountNumbers:
    """What became of the inputs of one account."""

    name: str
    label: str
    sender: str
    policy: str
    files: Counts
    """Files `taken_in` and `unreadable`, and their `rows`, `accepted`, `duplicates`, `rejected`."""
    rejects: Counts
    """Rejected rows by reason."""
    statuses: Counts
    """Events by status."""
    reasons: dict[str, Counts]
    """Per status, events by reason."""
    messages: Counts
    """Messages `handed_over`, `deferred`, `refused`, `not_rendered`."""
    logs: Counts
    """Delivery-log rows `read`, `stored`, `duplicates`, `rejected`, `parked`."""
    archive: Counts
    """Rows `upserted`, days `proved`."""
    proof_holds: bool
    conservation_holds: bool


@dataclass(frozen=True)
class Timing:
    """How long a stage worked, over all of its calls."""

    stage: str
    calls: int
    seconds: float
    events_per_second: float | None


@dataclass(frozen=True)
class PrefectCost:
    """What recording the run as flow and task runs cost."""

    server_start_seconds: float
    """How long the run waited for the server, which starts beside it."""
    recording_seconds: float
    flow_runs: int
    task_runs: int

    @property
    def seconds(self) -> float:
        """Both together."""
        return self.server_start_seconds + self.recording_seconds


@dataclass(frozen=True)
class DemoNumbers:
    """All that a demonstration tells."""

    home: Path
    seed: int
    generated: int
    sample_files: int
    accounts: tuple[AccountNumbers, ...]
    timings: tuple[Timing, ...]
    prefect: PrefectCost
    seconds: float
    example_event: str
    """The id of an event with a story."""
    frames: Mapping[str, pl.DataFrame] = field(repr=False)
    """As `tasks.store.demo_report` gives them, with `service_level` and `processing_time`."""

    def total(self, kind: str, name: str) -> int:
        """A count over all accounts, such as `files`, `rows`."""
        return sum(getattr(account, kind).get(name, 0) for account in self.accounts)

    @property
    def proof_holds(self) -> bool:
        """Every day of every table is the same on both sides."""
        return all(account.proof_holds for account in self.accounts)

    @property
    def conservation_holds(self) -> bool:
        """Every row and every event is accounted for."""
        return all(account.conservation_holds for account in self.accounts)
