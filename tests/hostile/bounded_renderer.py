"""Renders template texts in a process of its own, which is killed where a text takes too long."""

import multiprocessing
import resource
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from exchange.test_render_messages import one, template

START_SECONDS = 120
SECONDS = 20
MORE_MEMORY = 2 * 1024**3
PROCESSES = multiprocessing.get_context("spawn")


@dataclass
class BoundedRenderer:
    """One process for many texts; a new one after each that had to be killed."""

    _process: SpawnProcess | None = None
    _connection: Connection | None = None

    def message(self, body: str) -> dict[str, Any]:
        """The message that a body makes of an event."""
        connection = self._connection or self._started()
        connection.send(body)
        if not connection.poll(SECONDS):
            self.stop()
            raise AssertionError(f"no end within {SECONDS} s: {body}")
        try:
            message: dict[str, Any] = connection.recv()
        except EOFError:
            self.stop()
            raise AssertionError(f"the process died of it: {body}") from None
        return message

    def stop(self) -> None:
        """Kills the process."""
        if self._process and self._connection:
            self._process.kill()
            self._process.join()
            self._connection.close()
        self._process = self._connection = None

    def _started(self) -> Connection:
        self._connection, theirs = PROCESSES.Pipe()
        self._process = PROCESSES.Process(target=_render, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        assert self._connection.poll(START_SECONDS), "the rendering process did not start"
        self._connection.recv()
        return self._connection


def _render(bodies: Connection) -> None:
    one({}, template(body_text="first"))
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MORE_MEMORY, used + MORE_MEMORY))
    bodies.send("ready")
    while True:
        bodies.send(one({"n": 1}, template(body_text=bodies.recv())))
