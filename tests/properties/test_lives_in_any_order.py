"""However events and logs are cut into files and whenever the flows run, every event ends the same; none is lost."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lives import collect, ingest, process, publish, rows_of, statuses, update

from tasks.account_run import AccountRun, run_on
from tasks.check_conservation import check_conservation
from tasks.contracts.accounts import Account
from tasks.contracts.vocabulary import KINDS
from tasks.settings import Settings

EVENTS, LOG_ROWS = 60, 150
NOW = datetime.fromisoformat("2026-11-23T12:00:00+00:00")


def random_events(chance: random.Random) -> list[dict[str, Any]]:
    """Events with ids, some twice, some of types without a template, some later, some expired, some no events."""
    events: list[dict[str, Any]] = [
        {
            "id": f"e{number}",
            "type": chance.choice(["order", "reset", "unknown"]),
            "email": chance.choice(["ada@example.org", "no address"] + ["bob@example.org"] * 8),
            "language": chance.choice([None, "fr", "fr-CA", "de"]),
            "scheduled": chance.choice([None, None, None, "2026-11-24T00:00:00Z"]),
            "expiration": chance.choice([None, None, None, "2026-11-22T00:00:00Z"]),
        }
        for number in range(EVENTS)
    ]
    return events + chance.choices(events, k=EVENTS // 10)


def random_log(chance: random.Random, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Log rows of known and unknown events, some twice, many at the same instant."""
    rows = [
        {
            "event_id": str(chance.choice([*ids, max(ids) + 1000])),
            "kind": chance.choice(KINDS),
            "logged_at": (NOW + timedelta(minutes=chance.randint(0, 3))).isoformat(),
            "reason": chance.choice([None, "one", "two"]),
            "source_id": str(chance.randint(1, 3)),
        }
        for _ in range(LOG_ROWS)
    ]
    return rows + chance.choices(rows, k=LOG_ROWS // 5)


def parts(rows: list[dict[str, Any]], chance: random.Random, count: int) -> list[list[dict[str, Any]]]:
    """The rows cut into so many parts."""
    cuts = sorted(chance.choices(range(len(rows) + 1), k=count - 1))
    return [rows[first:last] for first, last in zip([0, *cuts], [*cuts, len(rows)], strict=True)]


def outcome(run: AccountRun) -> dict[str, tuple[Any, ...]]:
    """Everything a person would look at, by the event's key."""
    query = "select event_key, status, reason, template_id, processed_at from event"
    return {key: rest for key, *rest in rows_of(run, query)}  # type: ignore[misc]  # a tuple of the other columns


def a_run(folder: Path, name: str) -> AccountRun:
    folder.mkdir(exist_ok=True)
    run = run_on(Settings(home=folder / name), Account(name=name, cell_id=9), NOW)
    languages = [{"template_id": "fr", "language": "fr"}, {"template_id": "any"}]
    publish(run, [*languages, {"template_id": "reset", "event_type": "reset", "language": "de"}])
    return run


@pytest.mark.parametrize("seed", [1, 2])
def test_files_runs_and_order_make_no_difference(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    events = random_events(chance)
    whole, cut = a_run(tmp_path, "whole"), a_run(tmp_path, "cut")

    ingest(whole, events, tmp_path)
    process(whole)
    log = random_log(chance, [event_id for (event_id,) in rows_of(whole, "select event_id from event")])
    collect(whole, log, tmp_path)
    update(whole)

    for number, part in enumerate(parts(events, chance, 4)):
        ingest(cut, part, tmp_path, name=f"part{number}")
        process(cut)
    same_ids = "select event_key, event_id from event"
    assert rows_of(cut, same_ids) == rows_of(whole, same_ids)
    chance.shuffle(log)
    for number, part in enumerate(parts(log, chance, 5)):
        collect(cut, part, tmp_path, name=f"log{number}")
        if chance.random() < 0.6:
            update(cut)
    update(cut)

    assert outcome(cut) == outcome(whole)
    for run in (whole, cut):
        check_conservation(run.store)
        assert {status for status, _ in statuses(run).values()} >= {"sent", "delivery_failed", "pending", "expired"}
