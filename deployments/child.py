"""A process that `message-center up` starts and keeps alive: the Prefect server, the worker."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from tasks.exchange.held_locks import is_free

STOP_SECONDS: Final = 15.0
SHORT_LIFE_SECONDS: Final = 60.0
MAX_PAUSE_SECONDS: Final = 60.0


@dataclass
class Child:
    """One process of a home. It carries a lock there for as long as it lives, so that nobody starts it twice."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    """Where its log (`<name>.log`) and its lock (`<name>.lock`) are, and where it runs."""
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _pause: float = field(default=1.0)

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / f"{self.name}.log"

    @property
    def is_ours(self) -> bool:
        """Whether it was started here."""
        return self._process is not None

    def is_alive(self) -> bool:
        """Whether this home has one, started here or by a command that is gone."""
        return not is_free(self._lock_file)

    def start(self) -> bool:
        """Starts it, unless it is alive; tells whether it did.

        Its own session keeps the terminal's Ctrl-C from it: it is stopped in its turn.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with self._fresh_log() as log:
                self._process = subprocess.Popen(  # noqa: S603 # Prefect's own commands
                    self.command,
                    cwd=self.folder,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=[lock],
                )
        except BlockingIOError:
            return False
        finally:
            os.close(lock)
        self._started = time.monotonic()
        return True

    def wait_after_end(self) -> int | None:
        """Where it has ended: kills what it left, waits longer after each short life, and returns its exit code."""
        code = self.ended()
        if code is not None:
            lived = time.monotonic() - self._started
            self._pause = 1.0 if lived > SHORT_LIFE_SECONDS else min(2 * self._pause, MAX_PAUSE_SECONDS)
            self.kill()
            time.sleep(self._pause)
        return code

    def ended(self) -> int | None:
        """The exit code of a process that was started here and has ended; None while it lives."""
        return self._process.poll() if self._process else None

    def stop(self) -> None:
        """Interrupts it as Ctrl-C would, and waits a while."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """Kills what is left of it and of its children."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @property
    def _lock_file(self) -> Path:
        return self.folder / f"{self.name}.lock"

    def _fresh_log(self) -> IO[bytes]:
        """A log that begins anew; the one before it is kept."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        return self.log.open("wb")
