"""What every test may ask for: a home of its own, an account with a migrated store, a fixed instant."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.account_run import AccountRun, run_on
from tasks.contracts.accounts import Account
from tasks.settings import Settings
from tasks.store.connection import StoreFile


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
