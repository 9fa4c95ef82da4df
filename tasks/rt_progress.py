"""What a real-time loop did so far: two tables changed in place, and a line in the log, once a minute at most."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

from tasks.account_run import AccountRun
from tasks.artifacts import LiveTable
from tasks.contracts.vocabulary import STATUS_LABELS
from tasks.process_events import WAITING, did_something
from tasks.store.conservation import events_by_status

EVERY_SECONDS: Final = 60.0


@dataclass
class Progress:
    """Counts over all passes of a run."""

    account: str
    counts: Counter[str] = field(default_factory=Counter)
    shown_at: float = 0.0
    _shown: Counter[str] = field(default_factory=Counter)
    _tables: tuple[LiveTable, LiveTable] | None = None

    def add(self, counts: dict[str, int]) -> bool:
        """Counts a pass; tells whether it did anything. What merely waits is not counted: it would be in each pass."""
        self.counts.update({name: count for name, count in counts.items() if name not in WAITING})
        self.counts["passes"] += 1
        return did_something(counts)

    def add_hand_overs(self, counted: Iterable[dict[str, int]], *, faults: int) -> None:
        """Counts hand-overs, and all faults so far."""
        for counts in counted:
            self.counts.update(counts)
        if faults:
            self.counts["faults"] = faults

    async def show(self, run: AccountRun, *, at: float) -> None:
        """Brings the tables up to date, and says in the log what came to pass since the last time; if anything did."""
        self.shown_at = at
        news = {name: count - self._shown[name] for name, count in self.counts.items() if name != "passes"}
        news = {name: count for name, count in news.items() if count}
        if not news:
            return
        self._shown = self.counts.copy()
        log(", ".join(f"{name.replace('_', ' ')} {count}" for name, count in news.items()))
        if self._tables is None:
            what = f"What process-rt-events did on account {self.account}, in this run"
            statuses = f"Events of account {self.account} by status"
            self._tables = (
                LiveTable(f"process-rt-events-{self.account}", what),
                LiveTable(f"statuses-{self.account}", statuses),
            )
        counted, by_status = self._tables
        await counted.show([{"count": name.replace("_", " "), "value": value} for name, value in self.counts.items()])
        rows = events_by_status(run.store).to_dicts()
        await by_status.show([row | {"status": STATUS_LABELS.get(row["status"], row["status"])} for row in rows])


def log(text: str, *, level: int = logging.INFO) -> None:
    """Says it in the log of the flow run, or in that of the process where there is none."""
    logger = logging.getLogger(__name__) if FlowRunContext.get() is None else get_run_logger()
    logger.log(level, text)
