"""A Prefect server that all tests of deployments share, and a home with a roster of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from servers import prefect_server

from tasks.contracts.accounts import Account
from tasks.exchange.roster import add_account
from tasks.settings import Settings

ROSTER = (Account(name="north", label="North", cell_id=4), Account(name="south", cell_id=9))


@pytest.fixture(scope="package")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="package")
def shared_server(prefect_home: Path) -> Iterator[str]:
    with prefect_server(prefect_home) as url:
        yield url


@pytest.fixture
def server(shared_server: str) -> Iterator[str]:
    with temporary_settings({PREFECT_API_URL: shared_server}):
        yield shared_server


@pytest.fixture
def no_server() -> Iterator[None]:
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        yield


@pytest.fixture
def dead_server() -> Iterator[str]:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        yield "http://127.0.0.1:1/api"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(tmp_path / "home"))
    return Settings().home


@pytest.fixture
def roster(home: Path) -> tuple[Account, ...]:
    for account in ROSTER:
        add_account(home / "accounts.toml", account)
    return ROSTER
