"""A receiving mail server for demonstrations and tests: takes, defers and refuses, and later tells what happened.

What it does with a message depends on the first part of the recipient's address:

| address            | reply                                         | later                                      |
|--------------------|-----------------------------------------------|--------------------------------------------|
| `defer+...@...`    | 451 4.7.1 the first time, then taken          | delivered                                  |
| `unknown+...@...`  | 550 5.1.1                                     |                                            |
| `policy+...@...`   | 550 5.7.1                                     |                                            |
| `full+...@...`     | taken                                         | soft bounce, 4.2.2 or 5.2.2                |
| `bounce+...@...`   | taken                                         | bounce, 5.1.1                              |
| any other          | taken                                         | delivered; some opened, clicked, complained of |

It runs in a process of its own, and ends with the one that started it.
"""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

PROJECT = Path(__file__).parent.parent.parent.parent


@dataclass
class ReceivingServer:
    """The server as its user sees it; `with ReceivingServer(...) as server:` starts and stops it.

    Attributes:
        record: NDJSON file of every message taken, appended as they come: the server's own record.
        log: Where the delivery log of what happened later is written, when asked for and on stop.
        base: The instant that the log's instants of mails without a date follow; of others they follow the date,
            by small offsets, the same for the same message.
        host: Where it listens.
        port: 0 until it is started, then the free port that it found, unless one was given.
    """

    record: Path
    log: Path | None = None
    base: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    host: str = "127.0.0.1"
    port: int = 0
    _process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts it; it listens when this returns.

        Raises:
            RuntimeError: It could not listen.
        """
        options = ["--record", str(self.record), "--base", self.base.isoformat(), "--port", str(self.port)]
        log = ["--log", str(self.log)] if self.log else []
        self._process = subprocess.Popen(  # noqa: S603 # our own module
            [sys.executable, "-m", "tasks.exchange.demonstration.receiving_mail", "--host", self.host, *options, *log],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
        )
        self.port = int(self._answer())

    def write_log(self) -> int:
        """Has the delivery log of all messages taken so far written; returns how many rows it has."""
        self._ask("log")
        return int(self._answer())

    def stop(self) -> None:
        """Stops it, after a last delivery log."""
        if self._process is None:
            return
        self._process.communicate()
        self._process = None

    def __enter__(self) -> Self:
        """Starts it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops it."""
        self.stop()

    def _ask(self, request: str) -> None:
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("The receiving server is not running: start it first.")
        self._process.stdin.write(f"{request}\n")
        self._process.stdin.flush()

    def _answer(self) -> str:
        if self._process is None or self._process.stdout is None:
            raise RuntimeError("The receiving server is not running: start it first.")
        answer = self._process.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"The receiving server ended unexpectedly (is {self.host}:{self.port} free?).")
        return answer
