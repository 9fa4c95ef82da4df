"""The real-time loop: one long run that takes in and routes whatever arrives, pass by pass, and hands it over beside.

Nothing of a pass is recorded in Prefect, whose database would grow by gigabytes a day.
"""

import asyncio
import gc
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import polars as pl

from tasks.account_run import AccountRun, UnknownAccountError, account_run
from tasks.check_conservation import check_conservation
from tasks.due_work import DueWork
from tasks.exchange.roster import RosterError
from tasks.faults import Faults
from tasks.pass_log import PassLog
from tasks.process_events import ProcessCounts, process_once
from tasks.rt_hand_over import HandOver
from tasks.rt_progress import EVERY_SECONDS, Progress, log
from tasks.stage import plain_calls
from tasks.stop_signal import StopSignal, held_back
from tasks.store.store_errors import StoreUnreadableError, StoreVersionError
from tasks.store.turns import LineFullError, Place, in_line
from tasks.waiting_news import InboxWatch

LONGEST: Final = 4
"""So many times the asked time a run goes on where nobody comes to follow it."""
BUSY_SECONDS: Final = 10.0
"""How long a pass waits for the store, at most: waiting keeps the run from hearing anything else."""
REFRESH_SECONDS: Final = 5.0
"""Between two looks at the roster."""
PROBE_SECONDS: Final = 1.0
"""Between two looks whether somebody waits to follow."""
QUEUE: Final = "rt"


@dataclass
class RealTimeLoop:
    """One run of the loop."""

    run: AccountRun
    run_seconds: float
    poll_seconds: float
    deliver: bool = True
    ingest: bool = True
    due: DueWork = field(default_factory=lambda: DueWork(QUEUE))
    faults: Faults = field(default_factory=Faults)
    hand_over: HandOver = field(default_factory=lambda: HandOver(QUEUE))
    watch: InboxWatch = field(default_factory=InboxWatch)
    _again_at: float = float("-inf")
    _refreshed_at: float = float("-inf")
    _probed_at: float = float("-inf")

    def __post_init__(self) -> None:
        """Begins to count."""
        self.progress = Progress(self.run.account.name, shown_at=time.monotonic())

    async def go_on(self, place: Place, stop: StopSignal) -> str:
        """Makes passes until the run is to end; tells why it did."""
        longest = time.monotonic() + LONGEST * self.run_seconds
        while True:
            at = time.monotonic()
            if why := self._end(place, stop, at, longest):
                return why
            self.run = replace(self.run, now=datetime.now(UTC))
            self.watch.look(self.run, at=at)
            has_worked = at >= self._again_at and await self._pass(at)
            self._count(self.hand_over.look(self.run, at=at))
            await asyncio.sleep(0 if has_worked else self.poll_seconds)
            if at - self.progress.shown_at >= EVERY_SECONDS:
                await self.progress.show(self.run, at=at)

    def _end(self, place: Place, stop: StopSignal, at: float, longest: float) -> str | None:
        if stop.is_set:
            return "it was asked to stop"
        if at >= longest:
            return f"nobody came to follow it within {LONGEST} times {self.run_seconds:g} s"
        if at - self._probed_at >= PROBE_SECONDS:
            self._probed_at = at
            if place.is_followed():
                return "another run goes on"
        if at - self._refreshed_at >= REFRESH_SECONDS:
            self._refreshed_at = at
            return self._refreshed()
        return None

    def _refreshed(self) -> str | None:
        """Reads settings and roster again; tells where the account is gone from it."""
        try:
            self.run = patient(account_run(self.run.account.name))
        except UnknownAccountError:
            return "its account is no longer in the roster"
        except (RosterError, OSError) as error:
            log(f"The accounts file cannot be read, what it said before holds: {error}")
        return None

    async def _pass(self, at: float) -> bool:
        """Does what there is to do; tells whether there was anything."""
        try:
            files = self.due.files(self.run) if self.ingest else []
            if not files and not self.due.is_due(self.run, at=at):
                return False
            timings = PassLog(self.run.settings.pass_log)
            self.due.begins(self.run)
            counts = await process_once(self.run, QUEUE, deliver=False, files=files, reached=timings.reached)
        except (StoreUnreadableError, StoreVersionError):
            raise
        except Exception as error:  # noqa: BLE001 # counted, and raised where it does not pass
            self._again_at = at + self.faults.failed(error, at=at)
            return False
        if self.deliver:
            self.hand_over.want()
        timings.write(self.run.now.timestamp(), counts)
        self.faults.passed()
        self.due.ended(self.run, did_something=self.progress.add(counts), at=at)
        return True

    def _count(self, hand_overs: list[ProcessCounts]) -> None:
        self.progress.add_hand_overs(hand_overs, faults=self.faults.total + self.hand_over.faults.total)

    async def end(self) -> None:
        """Ends what is at work beside the passes."""
        self.watch.end(self.run)
        self._count(await self.hand_over.ended(self.run, at=time.monotonic()))


async def process_in_real_time(
    run: AccountRun, *, deliver: bool, ingest: bool, run_seconds: float, poll_seconds: float
) -> ProcessCounts:
    """Processes the real-time queue of an account until another run comes to go on with it.

    Args:
        run: The run.
        deliver: Whether to hand messages over.
        ingest: Whether to take in what waits in the inbox.
        run_seconds: When another run is expected; without one it goes on, for four times as long at most.
        poll_seconds: Between two looks at the inbox, while nothing comes.

    Returns:
        The counts of all passes; none where two others are at it already.

    Raises:
        PersistentFaultError: Passes failed for over a minute.
        ConservationError: In the end, events are unaccounted for.
    """
    lock = run.store.path.with_suffix(".rt.lock")
    try:
        with held_back() as stop, in_line(lock, purpose="processing real-time events") as place:
            while not place.is_first():
                if stop.is_set:
                    return {}
                await asyncio.sleep(min(poll_seconds, 0.05))
            with plain_calls():
                return await _at_work(
                    RealTimeLoop(patient(run), run_seconds, poll_seconds, deliver=deliver, ingest=ingest), place, stop
                )
    except LineFullError as error:
        log(f"Nothing to do for this run: {error}.")
        return {}


async def _at_work(loop: RealTimeLoop, place: Place, stop: StopSignal) -> ProcessCounts:
    gc.freeze()  # what was imported stays: to look through it again and again takes a tenth of the time
    with pl.Config(engine_affinity="in-memory"):  # a pass is many small queries
        try:
            why = await loop.go_on(place, stop)
            place.leave()
        finally:
            await loop.end()
    log(f"The run ends: {why}.")
    await loop.progress.show(loop.run, at=time.monotonic())
    check_conservation(loop.run.store)
    return dict(loop.progress.counts)


def patient(run: AccountRun) -> AccountRun:
    """The run, with a wait for the store that is short enough for a loop."""
    seconds = min(run.settings.lock_wait_seconds, BUSY_SECONDS)
    settings = run.settings.model_copy(update={"lock_wait_seconds": seconds})
    return replace(run, settings=settings, store=replace(run.store, wait_seconds=seconds))
