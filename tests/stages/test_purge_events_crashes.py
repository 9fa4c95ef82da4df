"""A purge killed between any two of its chunks, or within one: the next run goes on."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from archivables import NOW, fill, rows

from tasks import purge_events as stage
from tasks.archive_events import archive_events
from tasks.contracts.accounts import Account
from tasks.settings import Settings
from tasks.store import connection, purge_archive, purge_events
from tasks.store.connection import StoreFile
from tasks.store.conservation import balance

LATER = NOW + timedelta(days=400)
STEPS: dict[str, tuple[ModuleType, str, int]] = {
    "the second chunk of the account is to begin": (purge_events, "purge_chunk", 2),
    "the first chunk of the account is to be committed": (connection, "commit", 2),
    "the second chunk of the account is to be committed": (connection, "commit", 3),
    "the archive is to begin": (stage, "purge_archive", 1),
    "the second chunk of the archive is to begin": (purge_archive, "purge_archived_chunk", 2),
    "space is to be given back": (stage, "give_back_space", 1),
}
"""A function, and the call of it at which the process dies."""


QUICK = ("the second chunk of the account is to be committed", "the second chunk of the archive is to begin")


@pytest.mark.parametrize(
    "step", [pytest.param(step, marks=() if step in QUICK else pytest.mark.long) for step in STEPS]
)
def test_a_purge_killed_when(settings: Settings, account: Account, store: StoreFile, step: str) -> None:
    control = StoreFile(settings.control_store, "control", 5)
    fill(store, events=200)
    archive_events(settings, account, now=NOW)
    killed = multiprocessing.get_context("spawn").Process(target=purge_and_die, args=(settings.home, account, step))
    killed.start()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    assert balance(store).holds
    assert archive_events(settings, account, now=NOW, full=True).proof == "equal"

    stage.purge_events(settings, account, now=LATER, dry_run=False)
    assert (balance(store).holds, balance(store).stored, balance(store).purged) == (True, 0, 200)
    for side in (store, control):
        assert [rows(side, f"select count(*) from {table}") for table in ("event", "delivery_log")] == [[(0,)]] * 2  # noqa: S608
        counted = rows(side, "select table_name, sum(rows)::bigint from purged group by all order by all")
        assert counted == [("delivery_log", 200), ("event", 200), ("queue_sample", 1), ("tracking_log", 1)]
    assert archive_events(settings, account, now=NOW, full=True).proof == "equal"


def purge_and_die(home: Path, account: Account, step: str) -> None:
    """A purge that is killed at a step. Runs in a process of its own."""
    module, name, calls = STEPS[step]
    real: Callable[..., Any] = getattr(module, name)
    left = iter(range(calls - 1))

    def and_die(*args: Any, **kwargs: Any) -> Any:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)

    setattr(module, name, and_die)
    stage.purge_events(Settings(home=home, purge_chunk_rows=70), account, now=LATER, dry_run=False)
