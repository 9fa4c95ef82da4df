"""The demonstration's own home: made afresh for each run, with accounts, samples and a receiving mail server."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

import tomlkit

from tasks.contracts.accounts import Account
from tasks.contracts.vocabulary import QUEUES
from tasks.exchange.demonstration.demo_files import put
from tasks.exchange.demonstration.receiving_server import ReceivingServer
from tasks.exchange.roster import load_roster
from tasks.settings import PROJECT, Settings
from tasks.store.lock import lock

MARKER: Final = ".message-center-demo"
SAMPLES: Final = PROJECT / "data" / "samples"
ROSTER: Final = PROJECT / "deployments" / "accounts.toml"
CONNECTIONS: Final = 16
"""To the receiving server, which is near and takes what it gets."""


IN_A_DEMO: ContextVar[bool] = ContextVar("IN_A_DEMO", default=False)
"""Whether this run's home was made by `fresh_home`."""


class NotADemoError(FileExistsError):
    """A folder that is in the way of the demonstration is not one of its own."""


@contextmanager
def fresh_home(home: Path) -> Iterator[Path]:
    """An empty home that nobody else demonstrates in; this process's flows work there as long as the block runs.

    Raises:
        NotADemoError: There is something else.
        StoreBusyError: Another demonstration runs there.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    alone = lock(home.with_suffix(".lock"), exclusive=True, wait_seconds=0, purpose="a demonstration")
    with alone:
        _clear(home)
        with _environment("MESSAGE_CENTER_HOME", str(home)):
            token = IN_A_DEMO.set(True)
            try:
                yield home
            finally:
                IN_A_DEMO.reset(token)


@contextmanager
def receiving_server(home: Path) -> Iterator[ReceivingServer]:
    """A mail server of the demonstration's own."""
    folder = home / "receiving-server"
    with ReceivingServer(folder / "taken.ndjson", folder / "delivery-log.ndjson") as server:
        yield server


def make_roster(settings: Settings, server: ReceivingServer) -> tuple[Account, ...]:
    """The project's accounts, those that send mail with the receiving server as theirs."""
    document = tomlkit.parse(ROSTER.read_text(encoding="utf-8"))
    for table in document["account"]:
        if table.get("sender") == "smtp":
            table["smtp"] |= {"host": server.host, "port": server.port, "connections": CONNECTIONS}
    settings.roster_path.write_text(tomlkit.dumps(document), encoding="utf-8")
    return load_roster(settings.roster_path)


def copy_samples(settings: Settings, accounts: tuple[Account, ...]) -> int:
    """Puts the committed samples into the inboxes; returns how many files there were."""
    files = 0
    for account in accounts:
        for queue in QUEUES:
            for path in sorted((SAMPLES / "events" / account.name / queue).glob("*.*")):
                put(settings.inbox(account.name, queue) / path.name, path.read_bytes())
                files += 1
    return files


def _clear(home: Path) -> None:
    if home.is_symlink() or (home.exists() and not (home.is_dir() and (home / MARKER).is_file())):
        raise NotADemoError(
            f"{home} is in the way, and was not made by a demonstration: it lacks the file {MARKER}. "
            "Move it aside, or name another home: export MESSAGE_CENTER_HOME=..."
        )
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (home / MARKER).write_text("Made by `message-center demo`, which empties this folder each time.\n")


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
