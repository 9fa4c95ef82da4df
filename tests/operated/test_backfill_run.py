"""A backfill on a real server: its partitions are task runs side by side, and what they changed is an artifact."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from operated.recorded_runs import recorded

from flows.backfill_events import backfill_events
from tasks import backfill_events as stage
from tasks.contracts.accounts import Account
from tasks.exchange.roster import add_account
from tasks.settings import Settings

pytestmark = pytest.mark.usefixtures("server")


def test_partitions_are_task_runs_at_once_and_the_changes_are_shown(
    settings: Settings, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not settings.roster_path.exists():
        add_account(settings.roster_path, account)
    rows = [
        {"id": str(n), "type": "order", "email": "a@b.example", "created": f"2026-0{n}-03T00:00:00Z"}
        for n in range(1, 7)
    ]
    (tmp_path / "half.ndjson").write_text("\n".join(map(json.dumps, rows)))
    at_once: list[tuple[float, float]] = []
    real = stage.all_logs

    def slowly(*given: Any) -> Any:
        began = time.monotonic()
        time.sleep(0.3)
        at_once.append((began, time.monotonic()))
        return real(*given)

    monkeypatch.setattr(stage, "all_logs", slowly)
    run = recorded(
        backfill_events,
        paths=[str(tmp_path / "half.ndjson")],
        dry_run=False,
        workers=3,
        now=datetime(2026, 11, 1, tzinfo=UTC),
    )
    assert run.state.is_completed(), run.errors
    assert len(at_once) == 6
    _, first_end = min(at_once)
    assert sum(other < first_end for other, _ in at_once) > 1
    changes = json.loads(run.artifacts["backfill-changes"].data)
    assert changes == [
        {
            "status_before": "(new)",
            "status_after": "not_taken_into_account",
            "reason": "unknown_event_type",
            "events": 6,
        }
    ]
    counted = {row["count"]: row["value"] for row in json.loads(run.artifacts["backfill-events-alpha"].data)}
    assert (counted["partitions"], counted["routed"], counted["dry run"]) == (6, 6, False)


def test_a_backfill_of_nothing_named_fails_and_says_what_to_name() -> None:
    run = recorded(backfill_events)
    assert run.state.is_failed()
    assert "Name what to work over" in run.errors[0]
