"""What every test may ask for: a home of its own, an account with a migrated store, a fixed instant; and the order."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.account_run import AccountRun, run_on
from tasks.contracts.accounts import Account
from tasks.settings import Settings
from tasks.store.connection import StoreFile

SLOW_FILES = (
    "flows/test_demo.py",
    "crashes/test_killed_at_chosen_points.py",
    "stages/test_archive_events.py",
    "stages/test_purge_events.py",
    "stages/test_restore_store.py",
    "deployments/test_deploy.py",
    "deployments/test_deployment_commands.py",
    "stages/test_purge_events_crashes.py",
    "cli/test_at_once_and_killed.py",
    "store/test_published.py",
    "environment/test_disks.py",
    "properties/test_routing_against_reference.py",
    "cli/test_life_against_reference.py",
    "stages/test_sharing.py",
)
"""Those that take longest, the longest first: a file runs on one worker, and must not be what the others wait for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    place = {folder / name: number for number, name in enumerate(SLOW_FILES)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


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
