"""Runs of the life's steps in processes of their own, to their end or to their death."""

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from crashes.life import life
from crashes.life_inputs import BATCH_MESSAGES, PURGE_CHUNK_ROWS, ROUTING_SLICE_ROWS
from crashes.remains import Remains, remains_of
from crashes.watched_calls import watch
from crashes.watcher import Effect, KillAt, Watcher

import flows
from tasks.store import route_events

FLOWS = [f"flows.{path.stem}" for path in Path(flows.__file__).parent.glob("*_*.py") if path.stem != "__init__"]
PROCESSES = multiprocessing.get_context("forkserver")  # the imports, which take seconds, once for all of them
PROCESSES.set_forkserver_preload([*FLOWS, "aiosmtplib", "jinja2.sandbox"])
_ONE_AT_A_TIME = threading.Lock()  # starting and joining look at all children


@dataclass(frozen=True)
class KillAfter:
    """Death at an instant, in seconds from the beginning of the run."""

    seconds: float


Kill = KillAt | KillAfter


@dataclass(frozen=True)
class Ending:
    """How a run of a step ended: what it did, and what it left, where it lived to tell."""

    exit_code: int
    effects: tuple[Effect, ...] = ()
    remains: Remains | None = None
    seconds: float = 0

    @property
    def was_killed(self) -> bool:
        """By us."""
        return self.exit_code == -signal.SIGKILL


def run_step(home: Path, number: int, kill: Kill | None = None) -> Ending:
    """Runs the step of that number of the life in a home, to its end or to its death."""
    ours, theirs = PROCESSES.Pipe()
    where = kill if isinstance(kill, KillAt) else None
    process = PROCESSES.Process(target=_live, args=(home, number, where, theirs))
    with _ONE_AT_A_TIME:
        process.start()
    theirs.close()
    told: Any = None
    try:
        ours.recv()  # it begins
        if isinstance(kill, KillAfter) and not ours.poll(kill.seconds):
            process.kill()
        told = ours.recv()
    except EOFError:
        pass
    ours.close()
    with _ONE_AT_A_TIME:
        process.join()
    return Ending(0, *told) if told and process.exitcode == 0 else Ending(process.exitcode or 1)


def _live(home: Path, number: int, kill: KillAt | None, told: Connection) -> None:
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "MESSAGE_CENTER_"))]:
        del os.environ[name]
    settings = {"home": home, "batch_messages": BATCH_MESSAGES, "purge_chunk_rows": PURGE_CHUNK_ROWS}
    os.environ |= {f"MESSAGE_CENTER_{name.upper()}": str(value) for name, value in settings.items()}
    route_events.SLICE_ROWS = ROUTING_SLICE_ROWS
    step = life(home)[number]
    watcher = Watcher(kill)
    watch(home, watcher)
    parameters = step.flow.validate_parameters(step.parameters)
    told.send("begins")
    start = time.perf_counter()
    asyncio.run(step.flow.fn(**parameters))
    seconds = time.perf_counter() - start
    effects = tuple(watcher.effects)
    told.send((effects, remains_of(home), seconds))
