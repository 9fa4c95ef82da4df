"""A home with two accounts, and the service at a port of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from intake_service import RunningIntake, wait_for

from tasks.account_run import account_run
from tasks.contracts.accounts import Account
from tasks.exchange.intake.tokens import new_token
from tasks.exchange.roster import add_account
from tasks.settings import Settings


def _make(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("MESSAGE_CENTER_HOME", str(folder))
    patch.setenv("MESSAGE_CENTER_LOCK_WAIT_SECONDS", "20")
    for name, cell in (("alpha", 3), ("beta", 4)):
        add_account(Settings().roster_path, Account(name=name, cell_id=cell))


def _start(**settings: object) -> RunningIntake:
    run = account_run("alpha")
    token = new_token(run.settings.tokens_path, "alpha", now=datetime.now(UTC))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "deployments.command_line.app", "intake", "--port", str(port)]
    environment = os.environ | {f"MESSAGE_CENTER_{name.upper()}": str(value) for name, value in settings.items()}
    process = subprocess.Popen(command, env=environment)
    return RunningIntake(f"http://127.0.0.1:{port}", token, run, process)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., RunningIntake]]:
    """Starts services of one home."""
    _make(tmp_path / "home", monkeypatch)
    started: list[RunningIntake] = []

    def start(**settings: object) -> RunningIntake:
        started.append(_start(**settings))
        wait_for(started[-1])
        return started[-1]

    yield start
    for service in started:
        service.end()


@pytest.fixture
def service(serve: Callable[..., RunningIntake]) -> RunningIntake:
    """A service, and a home of its own."""
    return serve()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIntake]:
    """A service for tests that leave nothing to each other."""
    with pytest.MonkeyPatch.context() as patch:
        _make(tmp_path_factory.mktemp("shared"), patch)
        service = _start()
        wait_for(service)
        yield service
        service.end()
