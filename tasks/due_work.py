"""When a real-time loop has something to do: files that arrived, and what falls due in the store."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from tasks.account_run import AccountRun
from tasks.contracts.vocabulary import Queue
from tasks.drain_files import DRAIN_FILES
from tasks.exchange.inbox import waiting_files
from tasks.store.due_events import Signature, due_events, signature

LOOK_SECONDS: Final = 1.0
"""Between two looks at the store."""
ANYWAY_SECONDS: Final = 60.0
"""After so long there is a pass whatever the looks said: it settles what a crashed run left claimed."""


@dataclass
class DueWork:
    """Looks for work, and opens the store for that only where it changed, or an instant has come."""

    queue: Queue
    _seen: Signature | None = None
    """The store as it was when nothing was due in it but at `_next_at`."""
    _next_at: datetime | None = None
    _templates_seq: int = -1
    _looked_at: float = float("-inf")
    _passed_at: float = float("-inf")
    _before: Signature = ()

    def files(self, run: AccountRun) -> list[Path]:
        """The files to take in next: as many as are taken in together, for the first need not wait for the last."""
        return waiting_files(run.settings.inbox(run.account.name, self.queue))[:DRAIN_FILES]

    def is_due(self, run: AccountRun, *, at: float) -> bool:
        """Whether the store asks for a pass.

        Args:
            run: The run, `now` its clock.
            at: The same instant, in seconds of a clock that never goes back.
        """
        if at - self._passed_at >= ANYWAY_SECONDS:
            return True
        if at - self._looked_at < LOOK_SECONDS:
            return False
        self._looked_at = at
        found = signature(run.store)
        if found == self._seen and (self._next_at is None or run.now < self._next_at):
            return False
        told = due_events(run.store, self.queue, now=run.now, templates_seq=self._templates_seq)
        self._seen, self._next_at, self._templates_seq = found, told.next_at, told.templates_seq
        return told.due > 0

    def begins(self, run: AccountRun) -> None:
        """A pass begins."""
        self._before = signature(run.store)

    def ended(self, run: AccountRun, *, did_something: bool, at: float) -> None:
        """A pass ended. One that did nothing shows that what looked due can wait for a change or the next instant."""
        self._passed_at = at
        self._seen = None if did_something else self._before
        if self._next_at is not None and self._next_at <= run.now:
            self._next_at = None
