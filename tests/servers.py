"""A real Prefect server and a real worker, each a process of its own with a home of its own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
from prefect.client.orchestration import PrefectClient, get_client

from deployments.server import SERVER_SETTINGS

R = TypeVar("R")


def ask(question: Callable[[PrefectClient], Awaitable[R]]) -> R:
    """What the server in use answers."""

    async def asked() -> R:
        async with get_client() as client:
            return await question(client)

    return asyncio.run(asked())


@contextmanager
def prefect_server(home: Path, *, wait_seconds: float = 120) -> Iterator[str]:
    """Starts a server on a free port, waits until it is healthy, and stops it at the end."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    environment = prefect_environment(home, url)
    arguments = ["server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with _prefect(arguments, environment, home / "server.log") as process:
        _wait_until_healthy(url, process, home / "server.log", wait_seconds)
        yield url


@contextmanager
def process_worker(home: Path, url: str, **environment: str) -> Iterator[None]:
    """Starts a worker of the pool `local` that asks for runs every second, and stops it at the end."""
    own = {**prefect_environment(home, url), "PREFECT_WORKER_QUERY_SECONDS": "1", **environment}
    with _prefect(["worker", "start", "--pool", "local", "--type", "process"], own, home / "worker.log"):
        yield


def prefect_environment(home: Path, url: str) -> dict[str, str]:
    """The environment of a process that uses this server and no other settings of the machine."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MESSAGE_CENTER_"))
    }
    own = {"PREFECT_HOME": str(home), "PREFECT_API_URL": url, "DO_NOT_TRACK": "1"}
    return {**inherited, **SERVER_SETTINGS, **own}


@contextmanager
def _prefect(arguments: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    home = log.parent
    home.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, _interruptible_children():
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=home,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


@contextmanager
def _interruptible_children() -> Iterator[None]:
    """Processes started within heed an interrupt, even where the tests run in the background of a script."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Interrupts the process and its children, as Ctrl-C does; kills what does not heed."""
    for sign, seconds in ((signal.SIGINT, 15), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, sign)
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            break
    process.wait()


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"The Prefect server did not start:\n{log.read_text(errors='replace')[-4000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
