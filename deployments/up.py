"""Server, worker and deployments, up for as long as one process runs: what is there already is used."""

import asyncio
import os
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.child import Child
from deployments.deploy import apply
from deployments.first_runs import start_real_time
from deployments.leftovers import end_leftovers, live_workers
from deployments.own_server import HOST, ensure_server
from deployments.running_server import address_file
from deployments.runs import cancel_runs, runs_of_project
from deployments.server import SERVER_SETTINGS
from deployments.wanted import wanted_deployments
from tasks.exchange.roster import load_roster
from tasks.settings import Settings

POOL: Final = "local"
CANCEL_SECONDS: Final = 20.0
STOPPED: Final = "It was stopped with `message-center up`. Nothing is lost; the next run goes on."


@dataclass
class Standing:
    """What is up."""

    url: str
    server: Child
    worker: Child
    changes: Counter[str] = field(default_factory=Counter)
    """How many deployments were created, updated, unchanged."""
    leftovers: list[str] = field(default_factory=list)
    """Runs that an earlier end of the machine had left."""
    first_runs: int = 0
    others: list[str] = field(default_factory=list)
    """Workers that were there already."""

    def keep(self) -> list[str]:
        """Starts again what has ended; returns what there is to tell of it."""
        told = []
        for child, start in ((self.server, self.server.start), (self.worker, self._start_worker)):
            code = child.wait_after_end()
            if code is not None:
                again = "was started again" if start() else "could not be started again yet"
                told.append(f"The {child.name} ended with {code} and {again}; what it said: {child.log}.1")
        return told

    def work(self) -> bool:
        """Starts the worker where no other is alive, after the runs that a power cut left; tells whether it did."""
        return not self.worker.is_ours and self._start_worker()

    def _start_worker(self) -> bool:
        with suppress(httpx.HTTPError, PrefectHTTPStatusError):  # the server may be away too: later, then
            return asyncio.run(_start_worker(self))
        return False


@contextmanager
def brought_up(port: int) -> Iterator[Standing]:
    """All that the accounts of this home need, in the order in which each needs the one before it.

    At the end what was started here is stopped: first the runs, then their worker, then the server.

    Raises:
        ServerUnreachableError: The server did not start, or its port is somebody else's.
        PrefectYamlError, RosterError, DeployError: What was to be deployed is wrong, or was refused.
    """
    address = address_file(Settings())
    folder = address.parent
    folder.mkdir(parents=True, exist_ok=True)
    url = str(PREFECT_API_URL.value() or f"http://{HOST}:{port}/api")
    environment = _environment(folder, url)
    standing = Standing(
        url,
        Child("server", _prefect("server", "start", "--host", HOST, "--port", str(port)), environment, folder),
        Child("worker", _prefect("worker", "start", "--pool", POOL, "--name", _own_worker()), environment, folder),
    )
    try:
        ensure_server(standing.server, url, port)
        address.write_text(url, encoding="utf-8")
        with temporary_settings({PREFECT_API_URL: url}):
            standing.changes = asyncio.run(_deploy())
            standing.work()
            try:
                yield standing
            finally:
                _stop_work(standing.worker)
    finally:
        address.unlink(missing_ok=True)
        standing.worker.kill()
        standing.server.stop()
        standing.server.kill()


async def _deploy() -> Counter[str]:
    settings = Settings()
    accounts = load_roster(settings.roster_path)
    for folder in (inbox for account in accounts for inbox in settings.inboxes(account.name)):
        folder.mkdir(parents=True, exist_ok=True)
    deployed = await apply(wanted_deployments(accounts))
    return Counter(each.change for each in deployed)


async def _start_worker(standing: Standing) -> bool:
    async with get_client() as client:
        standing.others = [name for name in await live_workers(client, POOL) if name != _own_worker()]
        if standing.others or standing.worker.is_alive():
            return False
        standing.leftovers = await end_leftovers(client)
        standing.worker.start()
        accounts = [each.name for each in load_roster(Settings().roster_path)]
        standing.first_runs = await start_real_time(client, accounts)
    return True


def _stop_work(worker: Child) -> None:
    if not worker.is_ours:
        return
    _tell_server(lambda client: cancel_runs(client, runs_of_project(), seconds=CANCEL_SECONDS))
    worker.stop()
    _tell_server(lambda client: end_leftovers(client, STOPPED))


def _tell_server(what: Callable[[PrefectClient], Awaitable[object]]) -> None:
    """Where it does not hear of it, the next `up` does what is left to do."""

    async def told() -> None:
        async with get_client() as client:
            await what(client)

    with suppress(httpx.HTTPError, PrefectHTTPStatusError):
        asyncio.run(told())


def _own_worker() -> str:
    return f"message-center@{socket.gethostname()}"


def _prefect(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "prefect", *arguments]


def _environment(folder: Path, url: str) -> dict[str, str]:
    """What is set in the environment holds, but for the log level that commands have; the rest is this project's."""
    inherited = {name: value for name, value in os.environ.items() if name != "PREFECT_LOGGING_LEVEL"}
    return {**SERVER_SETTINGS, "PREFECT_HOME": str(folder), "DO_NOT_TRACK": "1", **inherited, "PREFECT_API_URL": url}
