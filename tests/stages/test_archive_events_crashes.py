"""An archive run killed at any of its steps: the next one goes on as if nothing had happened."""

import multiprocessing
import signal
from datetime import date

import pytest
from archivables import NOW, archive_and_die, fill, rows

from tasks.archive_events import archive_events
from tasks.contracts.accounts import Account
from tasks.settings import Settings
from tasks.store.connection import StoreFile


@pytest.mark.parametrize("last_step", ["read_changes", "store_changes", "prove", "publish_control"])
def test_a_run_killed_after_any_step_loses_and_repeats_nothing(
    settings: Settings, account: Account, store: StoreFile, last_step: str
) -> None:
    control = StoreFile(settings.control_store, "control", 5)
    fill(store, events=300)
    archive_events(settings, account, now=NOW)
    fill(store, events=100, first=300)
    killed = multiprocessing.get_context("spawn").Process(
        target=archive_and_die, args=(settings.home, account, last_step)
    )
    killed.start()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL

    result = archive_events(settings, account, now=NOW)
    assert result.upserted["event"] == (100 if last_step == "read_changes" else 0)
    days = result.proofs.filter(table_name="event")["day"].to_list()
    assert days == ([date(2026, 11, 21)] if last_step in {"read_changes", "store_changes"} else [])
    assert result.published == (last_step != "publish_control")
    assert rows(control, "select count(*), count(distinct event_id) from event") == [(400, 400)]
    assert rows(control, "select count(*) from archive_proof where equal is distinct from true") == [(0,)]
    assert archive_events(settings, account, now=NOW, full=True).proof == "equal"
    assert not any((settings.home / "spool" / "archive_events").glob("*/*"))
