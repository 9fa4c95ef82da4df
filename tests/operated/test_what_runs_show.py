"""What a run that did its work leaves in the UI: counts with reasons, rejects, stages, progress, where the data is."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from operated.recorded_runs import Recorded, recorded, run_and_read
from prefect import flow

from flows.archive_events import archive_events
from flows.process_rt_events import process_rt_events
from flows.show_reports import show_reports
from flows.update_event_status import update_event_status
from tasks.contracts.accounts import Account
from tasks.progress import progressing
from tasks.settings import Settings

pytestmark = pytest.mark.usefixtures("server")

EVENTS = [
    {"id": "1", "type": "order", "email": "ada@example.org"},
    {"id": "2", "type": "order", "email": "bob@example.org"},
    {"id": "3", "email": "carla.brown@example.org", "ctx": {"note": "x" * 400}},
]
LOG = {"event_id": 1, "recipient": "ada@example.org", "kind": "delivered", "logged_at": "yesterday", "source_id": "a"}


def drop(folder: Path, name: str, *rows: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(map(json.dumps, rows)))


def table(run: Recorded, key: str) -> list[dict[str, Any]]:
    return json.loads(run.artifacts[key].data)


def test_the_reports_are_tables_and_a_page(settings: Settings, account: Account) -> None:
    drop(settings.inbox(account.name, "rt"), "events.ndjson", *EVENTS)
    recorded(process_rt_events, account=account.name, ingest=True)
    assert recorded(archive_events, account=account.name).state.is_completed()
    run = recorded(show_reports)
    assert run.state.is_completed(), run.errors
    (row,) = table(run, "report-service-level")
    assert (row["account"], row["incoming_volume"], row["not_taken_into_account"]) == ("alpha", 2, 2)
    assert {row["account"] for row in table(run, "report-thresholds")} == {"alpha"}
    assert str(settings.reports_page) in run.artifacts["reports-page"].data
    assert "<title>Message Center reports</title>" in settings.reports_page.read_text(encoding="utf-8")


def test_a_run_shows_counts_by_reason_what_it_rejected_and_its_slowest_stages(
    settings: Settings, account: Account
) -> None:
    inbox = settings.inbox(account.name, "rt")
    drop(inbox, "events.ndjson", *EVENTS)
    (inbox / "cut.parquet").write_bytes(b"PAR1 and no more")
    run = recorded(process_rt_events, account=account.name, ingest=True)
    assert table(run, "statuses-alpha") == [
        {"queue": "rt", "status": "Event not taken into account", "reason": "unknown_event_type", "events": 2}
    ]
    by_reason = {row["reason"]: row for row in table(run, "rejects-alpha")}
    assert set(by_reason) == {"no_type", "unreadable"}
    assert (by_reason["no_type"]["file"], by_reason["no_type"]["line"]) == ("events.ndjson", 3)
    text = by_reason["no_type"]["text"]
    assert "***@example.org" in text
    assert "carla" not in json.dumps(table(run, "rejects-alpha"))
    assert len(text) == 200
    assert by_reason["unreadable"]["file"] == "cut.parquet"
    assert str(inbox / "rejected") in run.artifacts["rejects-alpha"].description
    stages = table(run, "stages-process-rt-events-alpha")
    assert {row["stage"]: row["calls"] for row in stages}["store events"] == 1
    assert [row["seconds"] for row in stages] == sorted((row["seconds"] for row in stages), reverse=True)
    again = recorded(process_rt_events, account=account.name, ingest=True)
    assert "rejects-alpha" not in again.artifacts
    assert not any(key.startswith(("failure", "progress")) for key in again.artifacts)


def test_delivery_logs_that_were_rejected_are_shown_and_the_archive_says_where_it_is(
    settings: Settings, account: Account
) -> None:
    drop(settings.delivery_log_inbox(account.name), "log.ndjson", LOG)
    run = recorded(update_event_status, account=account.name, collect=True)
    [row] = table(run, "rejects-alpha")
    assert (row["line"], "ada@" in json.dumps(row)) == (1, False)
    archived = recorded(archive_events, account=account.name)
    assert str(settings.published_control) in archived.artifacts["published-alpha"].data
    assert "published-alpha" not in recorded(archive_events, account=account.name).artifacts


def test_a_long_run_shows_how_far_it_is_and_a_short_one_does_not() -> None:
    @flow
    async def takes(seconds: float) -> list[int]:
        return list(progressing([1, 2, 3, 4], "steps", first_seconds=seconds, next_seconds=0))

    long = asyncio.run(run_and_read(takes, seconds=0.0))
    assert json.loads(str(long.artifacts["progress-steps"].data)) == 100
    assert long.artifacts["progress-steps"].description == "4 of 4 steps"
    assert asyncio.run(run_and_read(takes, seconds=3600.0)).artifacts == {}
