"""After a purge: copies of purged events, and news of them, still come in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from archivables import rows
from lives import collect, deliver, ingest, process, publish, rows_of, statuses, update

from tasks.account_run import AccountRun
from tasks.archive_events import archive_events
from tasks.purge_events import purge_events
from tasks.store.connection import StoreFile
from tasks.store.conservation import balance

EVENTS = [{"id": f"e{i}", "type": "order", "email": f"a{i}@example.com"} for i in range(3)]


@pytest.fixture
def purged(run: AccountRun, tmp_path: Path) -> AccountRun:
    """Events e0 to e2 were sent, the first two are archived and purged; e2 is still waiting for its log."""
    publish(run, [{"template_id": "t"}])
    ingest(run, EVENTS, tmp_path)
    process(run)
    deliver(run)
    collect(run, [said(run, key, "delivered", provider_message_id=f"m-{key}") for key in ("e0", "e1")], tmp_path)
    update(run)
    archive_events(run.settings, run.account, now=run.now)
    purge_later(run, days=31)
    assert list(statuses(run)) == ["e2"]
    return run


def purge_later(run: AccountRun, *, days: int) -> Mapping[str, int]:
    return purge_events(run.settings, run.account, now=run.now + timedelta(days=days), dry_run=False).deleted


def said(run: AccountRun, key: str, kind: str, *, at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    ((event_id,),) = rows_of(run, f"select event_id from event_key where event_key = '{key}'")  # noqa: S608
    logged_at = (at or run.now).isoformat()
    return {
        "event_id": str(event_id),
        "kind": kind,
        "recipient": f"{key}@example.com",
        "logged_at": logged_at,
        **fields,
    }


def test_a_copy_of_a_purged_event_is_still_a_duplicate(purged: AccountRun, tmp_path: Path) -> None:
    counts = ingest(purged, [*EVENTS, {**EVENTS[0], "id": "new"}], tmp_path, name="again")
    assert (counts.accepted, counts.duplicates) == (1, 3)
    assert set(statuses(purged)) == {"e2", "new"}
    assert balance(purged.store).holds


def test_a_late_bounce_of_a_purged_event_is_kept_archived_and_waits_for_nothing(
    purged: AccountRun, tmp_path: Path
) -> None:
    late = [
        said(purged, "e0", "bounced", at=purged.now + timedelta(days=40)),
        {"provider_message_id": "m-e1", "kind": "bounced", "logged_at": "2027-01-02T00:00:00Z", "recipient": "x"},
        said(purged, "e2", "delivered"),
    ]
    collect(purged, late, tmp_path, name="late")
    counts = update(purged)
    assert (counts.changed, counts.parked, counts.by_status) == (1, 0, {"sent": 1})
    kept = "select kind, applied from delivery_log where kind = 'bounced'"
    assert rows_of(purged, kept) == [("bounced", True)] * 2
    named = rows_of(purged, "select event_key from event_key join delivery_log using (event_id) where kind = 'bounced'")
    assert {key for (key,) in named} == {"e0", "e1"}
    control = StoreFile(purged.settings.control_store, "control", 5)
    assert archive_events(purged.settings, purged.account, now=purged.now, full=True).proof == "equal"
    assert rows(control, kept) == [("bounced", True)] * 2
    assert update(purged).log_rows == 0


def test_a_log_of_an_event_that_never_was_still_waits_and_is_never_purged(purged: AccountRun, tmp_path: Path) -> None:
    stranger = {"event_id": "12345", "kind": "bounced", "logged_at": "2026-11-23T12:00:00Z", "recipient": "x"}
    collect(purged, [stranger], tmp_path, name="stranger")
    assert update(purged).parked == 1
    archive_events(purged.settings, purged.account, now=purged.now)
    assert purge_later(purged, days=10_000)["delivery_log"] > 0
    assert rows_of(purged, "select event_id from delivery_log where not applied") == [(12345,)]


def test_a_log_of_an_event_that_is_still_pending_waits_for_it(run: AccountRun, tmp_path: Path) -> None:
    ingest(run, EVENTS, tmp_path)
    collect(run, [said(run, "e0", "delivered")], tmp_path)
    counts = update(run)
    assert (counts.parked, counts.log_rows) == (1, 0)
    assert rows_of(run, "select applied from delivery_log") == [(False,)]


def test_the_same_log_row_after_both_sides_purged_it_is_stored_anew_and_proved(
    purged: AccountRun, tmp_path: Path
) -> None:
    purge_later(purged, days=400)
    assert rows_of(purged, "select distinct event_key from event_key join delivery_log using (event_id)") == [("e2",)]
    again = said(purged, "e0", "delivered", provider_message_id="m-e0")
    assert collect(purged, [again, {**again, "kind": "opened"}], tmp_path, name="again").stored == 2
    update(purged)
    assert archive_events(purged.settings, purged.account, now=purged.now).proof == "equal"
    assert archive_events(purged.settings, purged.account, now=purged.now, full=True).proof == "equal"
