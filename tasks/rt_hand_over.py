"""The hand-over of the real-time loop: in a thread beside it, for what comes in must not wait for what goes out."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tasks.account_run import AccountRun
from tasks.contracts.vocabulary import Queue
from tasks.deliver_events import deliver_events
from tasks.faults import Faults
from tasks.pass_log import PassLog
from tasks.process_events import ProcessCounts
from tasks.store.store_errors import StoreUnreadableError, StoreVersionError


@dataclass
class HandOver:
    """Hands over what is routed: one hand-over at a time, and another one if there was more to do meanwhile."""

    queue: Queue
    faults: Faults = field(default_factory=Faults)
    _is_wanted: bool = False
    _work: asyncio.Task[None] | None = None
    _done: deque[ProcessCounts] = field(default_factory=deque)
    _again_at: float = float("-inf")

    def want(self) -> None:
        """There may be messages to hand over."""
        self._is_wanted = True

    def look(self, run: AccountRun, *, at: float) -> list[ProcessCounts]:
        """Begins where it is wanted and nothing is at it; returns the counts of the hand-overs that ended.

        Args:
            run: The run.
            at: Now, in seconds of a clock that never goes back.

        Raises:
            StoreUnreadableError, StoreVersionError: The store is damaged, or of another version.
            PersistentFaultError: Hand-overs failed for over a minute.
        """
        if self._work and self._work.done():
            self._end(self._work.exception(), at)
            self._work = None
        if self._is_wanted and self._work is None and at >= self._again_at:
            self._work = asyncio.create_task(asyncio.to_thread(self._go_on, run))
        return self._counts()

    async def ended(self, run: AccountRun, *, at: float) -> list[ProcessCounts]:
        """Waits for the one at work, and for those that are wanted by then. What fails is left to the next run."""
        self.look(run, at=at)
        if self._work:
            await asyncio.wait([self._work])
            self._end(self._work.exception(), at)
        return self._counts()

    def _go_on(self, run: AccountRun) -> None:
        while self._is_wanted:
            self._is_wanted = False
            log = PassLog(run.settings.pass_log)
            began = datetime.now(UTC)
            try:
                told = asyncio.run(deliver_events(run.settings, run.account, now=began, queue=self.queue))
            except BaseException:
                self._is_wanted = True
                raise
            counts = {f"delivery_{name}": count for name, count in told.items()}
            log.reached("handed over")
            log.write(began.timestamp(), counts)
            self._done.append(counts)

    def _end(self, error: BaseException | None, at: float) -> None:
        if error is None:
            self.faults.passed()
        elif isinstance(error, StoreUnreadableError | StoreVersionError) or not isinstance(error, Exception):
            raise error
        else:
            self._again_at = at + self.faults.failed(error, at=at)

    def _counts(self) -> list[ProcessCounts]:
        return [self._done.popleft() for _ in range(len(self._done))]
