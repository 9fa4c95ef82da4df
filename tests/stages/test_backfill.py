"""Backfills: a year by months, killed on its way, equals one that nobody disturbed; dry runs; windows; ids."""

import asyncio
import json
import multiprocessing
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lives import collect, ingest, publish, update

from flows.backfill_events import BackfillResult, backfill_events
from tasks.account_run import AccountRun, run_on
from tasks.contracts.accounts import Account
from tasks.contracts.backfill_events import EventDay, Partition, Scope
from tasks.exchange.roster import add_account
from tasks.settings import Settings
from tasks.store import connection
from tasks.store.connection import reading
from tasks.transforms.backfill_events import partitions

NOW = datetime(2027, 1, 10, tzinfo=UTC)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS = 3_000


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def year(tmp_path: Path) -> Path:
    """A file for each quarter of a year, its events in no order; one in ten has no template, one in seven is large."""
    folder = tmp_path / "year"
    folder.mkdir()
    for quarter in range(4):
        with (folder / f"q{quarter}.ndjson").open("w", encoding="utf-8") as file:
            for number in range(quarter, EVENTS, 4):
                at = YEAR + timedelta(days=number * 7 % 362, minutes=number)
                row: dict[str, Any] = {"id": f"e{number}", "type": "unknown" if number % 10 == 0 else "order"}
                row |= {"email": f"p{number}@example.net", "created": at.isoformat(), "ctx": {"total": number % 7}}
                file.write(json.dumps(row) + "\n")
    return folder


def account(home: Path, name: str = "alpha") -> AccountRun:
    """An account with a template whose second version came in July."""
    settings = Settings(home=home)
    made = Account(name=name, cell_id=3 if name == "alpha" else 4)
    add_account(settings.roster_path, made)
    run = run_on(settings, made, NOW)
    templates = [
        {"template_id": "order", "condition": "ctx.total < 6", "published_at": YEAR},
        {"template_id": "order", "body_text": "Since July", "published_at": YEAR + timedelta(days=181)},
        {"template_id": "large", "condition": "ctx.total >= 6", "published_at": YEAR, "priority": 1},
    ]
    publish(run, templates, at=YEAR)
    return run


def backfill(**parameters: Any) -> BackfillResult:
    given = {"now": NOW, "dry_run": False, **parameters}
    return asyncio.run(backfill_events.fn(**backfill_events.validate_parameters(given)))


def outcome(run: AccountRun) -> pl.DataFrame:
    """Events by their sender's ids: which they are here depends on the order in which files came."""
    query = """
        select event_key, status, reason, event.template_id, event.template_version, label, event.created_at
        from event left join delivery using (delivery_id) order by event_key
    """
    with reading(run.store) as session:
        return session.connection.sql(query).pl()


def _backfill_and_die(home: Path, folder: Path, parameters: Mapping[str, Any], commits: int) -> None:
    os.environ["MESSAGE_CENTER_HOME"] = str(home)
    real, done = connection.commit, 0

    def commit(*given: Any) -> None:
        nonlocal done
        if done == commits:
            os._exit(9)
        done += 1
        real(*given)

    connection.commit = commit
    backfill(paths=[str(folder)], **parameters)


@pytest.mark.parametrize("commits", [0, 2, 5, 9, 14])
def test_a_year_that_was_cut_off_ends_as_one_that_was_not(
    tmp_path: Path, year: Path, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    ends = []
    for name, is_cut in (("whole", False), ("cut", True)):
        home = tmp_path / name
        monkeypatch.setenv("MESSAGE_CENTER_HOME", str(home))
        run, parameters = account(home), {"template_time": "event", "workers": 3}
        if is_cut:
            child = multiprocessing.get_context("spawn").Process(
                target=_backfill_and_die, args=(home, year, parameters, commits)
            )
            child.start()
            child.join(120)
            assert child.exitcode == 9
        result = backfill(paths=[str(year)], **parameters)
        assert not list(home.glob(".backfill-*"))
        assert result.counts["partitions"] == 12
        assert result.counts["events"] == EVENTS
        ends.append(outcome(run))
    assert ends[0].equals(ends[1])
    versions = ends[0].filter(pl.col("template_id") == "order").group_by("template_version").agg(pl.col("created_at"))
    assert dict(
        versions.select("template_version", pl.col("created_at").list.max() < YEAR + timedelta(days=181)).rows()
    ) == {
        1: True,
        2: False,
    }
    by_status = dict(ends[0].group_by("status").len().iter_rows())
    assert by_status == {"pending_delivery": EVENTS * 9 // 10, "not_taken_into_account": EVENTS // 10}


def test_a_dry_run_tells_what_the_real_one_then_does_and_touches_nothing(home: Path, year: Path) -> None:
    runs = [account(home, "alpha"), account(home, "beta")]
    (year / "broken.parquet").write_bytes(b"PAR1 no more")
    before = [run.store.path.read_bytes() for run in runs]
    told = backfill(paths=[str(year)], dry_run=True)
    assert [run.store.path.read_bytes() for run in runs] == before
    assert not list(home.glob(".backfill-*"))
    done = backfill(paths=[str(year)])
    assert told == done
    assert (year / "broken.parquet").exists()  # a file that was named is not moved
    assert [text.partition(":")[0] for text in done.unreadable] == ["broken.parquet"] * 2
    assert done.changes == [
        {
            "status_before": None,
            "status_after": "not_taken_into_account",
            "reason": "unknown_event_type",
            "events": 600,
        },
        {"status_before": None, "status_after": "pending_delivery", "reason": None, "events": 5_400},
    ]
    again = backfill(from_at=YEAR)
    assert {(row["status_before"], row["status_after"]) for row in again.changes} == {
        ("not_taken_into_account", "not_taken_into_account"),
        ("pending_delivery", "pending_delivery"),
    }


def test_a_window_works_over_its_own_events_alone(home: Path, year: Path) -> None:

    run = account(home)
    rows = [json.loads(line) for line in (year / "q0.ndjson").read_text().splitlines()]
    ingest(run, rows, year)
    march, april = YEAR + timedelta(days=59), YEAR + timedelta(days=90)
    backfill(accounts=["alpha"], from_at=march, to_at=april)
    ended = outcome(run).with_columns(inside=pl.col("created_at").is_between(march, april, closed="left"))
    assert ended.filter(pl.col("inside") == (pl.col("status") == "pending")).is_empty()
    assert 0 < ended["inside"].sum() < ended.height


def test_ids_alone_are_worked_over_and_statuses_follow_all_logs_under_the_rules_of_now(home: Path, year: Path) -> None:

    run = account(home)
    rows = [json.loads(line) for line in (year / "q1.ndjson").read_text().splitlines()][:40]
    ingest(run, rows, year)
    with reading(run.store) as session:
        ids = [one for (one,) in session.connection.sql("select event_id from event order by 1").fetchall()]
    backfill(event_ids=ids[:20])
    assert dict(outcome(run).group_by("status").len().iter_rows())["pending"] == 20
    routed = outcome(run).filter(pl.col("status") == "pending_delivery").height
    logs = [
        {"event_id": str(one), "kind": "accepted", "logged_at": NOW.isoformat(), "source_id": str(one)} for one in ids
    ]
    collect(run, logs, year)
    update(run)
    assert outcome(run).filter(pl.col("status") == "pending_delivery").height == routed
    relaxed = run.account.model_copy(update={"accepted_means_sent": True})
    run.settings.roster_path.unlink()
    add_account(run.settings.roster_path, relaxed)
    told = backfill(event_ids=ids, dry_run=True)
    assert {
        "status_before": "pending_delivery",
        "status_after": "sent",
        "reason": None,
        "events": routed,
    } in told.changes
    done = backfill(event_ids=ids)
    assert done.changes == told.changes
    assert done.counts["rejoined"] == len(ids)  # those just routed had logs that waited for them
    assert outcome(run).filter(pl.col("status") == "sent").height == len(ids)
    assert backfill(event_ids=ids).counts["rejoined"] == 0


def test_templates_are_those_of_now_unless_asked_and_messages_leave_only_where_asked(home: Path, year: Path) -> None:
    run = account(home)
    backfill(paths=[str(year / "q1.ndjson")])
    versions = outcome(run).filter(pl.col("template_id") == "order")["template_version"].unique().to_list()
    assert versions == [2]
    assert not list(run.settings.outbox("alpha").glob("*.parquet"))
    assert "messages" not in backfill(from_at=YEAR, deliver=True, dry_run=True).counts
    assert not list(run.settings.outbox("alpha").glob("*.parquet"))
    assert backfill(from_at=YEAR, deliver=True).counts["messages"] == outcome(run).height


def test_the_events_of_named_files_alone_are_worked_over(home: Path, year: Path) -> None:
    run = account(home)
    rows = [json.loads(line) for line in (year / "q0.ndjson").read_text().splitlines()]
    ingest(run, rows[:50], year, name="others")
    assert backfill(paths=[str(year / "q2.ndjson")]).counts["events"] == EVENTS // 4
    assert outcome(run).filter(pl.col("status") == "pending")["event_key"].sort().to_list() == sorted(
        row["id"] for row in rows[:50]
    )


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"event_ids": (1,), "from_at": YEAR},
        {"files": (Path("a"),), "to_at": YEAR},
        {"from_at": NOW, "to_at": YEAR},
        {"from_at": YEAR, "to_at": YEAR},
    ],
)
def test_what_to_work_over_is_one_thing(named: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"one of the three|not after its begin"):
        Scope(**named)


@given(
    st.dictionaries(st.dates(YEAR.date(), NOW.date()), st.integers(1, 50), max_size=40),
    st.integers(1, 60),
)
def test_partitions_hold_every_day_once_within_its_month(days: dict[Any, int], most: int) -> None:
    instants = {datetime(day.year, day.month, day.day, tzinfo=UTC): count for day, count in days.items()}
    frame = EventDay.validate(
        pl.DataFrame(list(instants.items()), schema=EventDay.create_empty().schema, orient="row").sort("day")
    )
    made = [Partition("alpha", *period) for period in partitions(frame, most=most).iter_rows()]
    for one in made:
        assert one.from_at.month == (one.to_at - timedelta(days=1)).month
        inside = [count for day, count in sorted(instants.items()) if one.from_at <= day < one.to_at]
        assert one.events == sum(inside)
        assert sum(inside[:-1]) <= most
    assert sum(one.events for one in made) == sum(instants.values())
    assert all(first.to_at <= second.from_at for first, second in pairwise(made))
