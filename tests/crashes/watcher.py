"""Numbers the durable effects of a process as they happen, and kills it at a chosen one."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

Side = Literal["before", "within", "after"]


@dataclass(frozen=True)
class KillAt:
    """Death at the effect of that number, counted from 0."""

    number: int
    side: Side
    delay: float = 0
    """Seconds into the effect, for the side `within`."""


@dataclass(frozen=True)
class Effect:
    """A durable effect that took place."""

    name: str
    seconds: float


@dataclass
class Watcher:
    """What happened so far, and where it shall end."""

    kill: KillAt | None = None
    effects: list[Effect] = field(default_factory=list)
    _begun: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _inside: threading.local = field(default_factory=threading.local)

    @contextmanager
    def effect(self, name: str) -> Iterator[None]:
        """The block is one durable effect; effects within it are parts of it."""
        if self.is_inside():
            yield
            return
        with self._guard:
            number, self._begun = self._begun, self._begun + 1
        self._die_if(number, "before")
        self._die_later_if(number)
        self._inside.effect = name
        start = time.perf_counter()
        try:
            yield
        finally:
            self._inside.effect = None
            self.effects.append(Effect(name, time.perf_counter() - start))
        self._die_if(number, "after")

    def is_inside(self) -> bool:
        """Whether this thread is within an effect."""
        return getattr(self._inside, "effect", None) is not None

    def _die_if(self, number: int, side: Side) -> None:
        if self.kill and (self.kill.number, self.kill.side) == (number, side):
            die()

    def _die_later_if(self, number: int) -> None:
        if self.kill and (self.kill.number, self.kill.side) == (number, "within"):
            delay = self.kill.delay
            threading.Thread(target=lambda: (time.sleep(delay), die()), daemon=True).start()


def die() -> None:
    """The end, with no chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)
