"""What every test may ask for: a home of its own, an account with a migrated store, a fixed instant; and the order."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from groups import SLOW_GROUPS, GroupScheduling, group

from tasks.account_run import AccountRun, run_on
from tasks.contracts.accounts import Account
from tasks.settings import Settings
from tasks.store.connection import StoreFile


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(SLOW_GROUPS)}
    items.sort(key=lambda item: place.get(group(item.nodeid), len(place)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    return GroupScheduling(config, log)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", lock_wait_seconds=5)


@pytest.fixture
def account() -> Account:
    return Account(name="alpha", cell_id=3)


@pytest.fixture
def store(settings: Settings, account: Account) -> StoreFile:
    return StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def run(settings: Settings, account: Account, now: datetime) -> AccountRun:
    return run_on(settings, account, now)
