"""Routing in a real store: the order of candidates, the reasons, and what is written."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lives import deliver, ingest, process, publish, rows_of, statuses
from tables import table

from tasks.account_run import AccountRun
from tasks.route_events import read_pending_events, read_routing_templates, route
from tasks.store import route_events as in_store
from tasks.store.connection import writing

ADA = {"id": "1", "type": "order", "email": "ada@example.org"}

WINNERS = """
template 1                     | template 2                          | event             | wins
-------------------------------|-------------------------------------|-------------------|-----
priority=1 language=fr         | language=fr-CA                      | language=fr-CA    | 1
language=fr                    | language=fr-CA                      | language=fr-CA    | 2
language=fr                    | language=fr-CA                      | language=fr       | 1
language=fr                    | language=fr_ca                      | language=FR-ca    | 2
-                              | language=f                          | language=fr       | 1
-                              | language=fr                         | language=fr       | 2
-                              | language=fr                         | -                 | 1
published_at=-2                | published_at=-1                     | -                 | 2
published_at=-1                | published_at=-2                     | -                 | 1
published_at=-1                | published_at=1                      | -                 | 1
published_at=-2                | published_at=-2                     | -                 | 1
queue=rt priority=9            | -                                   | -                 | 2
condition=ctx.n>5 priority=1   | -                                   | n=6               | 1
condition=ctx.n>5 priority=1   | -                                   | n=5               | 2
condition=ctx.n>5 priority=1   | -                                   | -                 | 2
condition=country='FR'         | condition=country='CA'              | country=CA        | 2
unpublished_at=-1 published_at=-2 priority=9 | -                     | -                 | 2
unpublished_at=1 published_at=-2 priority=9  | -                     | -                 | 1
"""


def settings_of(cell: str | None, now: datetime) -> dict[str, object]:
    """`name=value` pairs; instants are hours from now."""
    pairs = dict(pair.split("=", 1) for pair in (cell or "").split())
    values: dict[str, object] = dict(pairs)
    for name in ("published_at", "unpublished_at"):
        if name in pairs:
            values[name] = now + timedelta(hours=int(pairs[name]))
    if "priority" in pairs:
        values["priority"] = int(pairs["priority"])
    if "n" in pairs:
        values["ctx"] = {"n": int(values.pop("n"))}  # type: ignore[call-overload]  # text from the table
    return values


@pytest.mark.parametrize("row", table(WINNERS), ids=lambda row: f"{row['template 1']} / {row['template 2']}")
def test_the_best_candidate_wins(run: AccountRun, tmp_path: Path, row: dict[str, str]) -> None:
    publish(run, [{"template_id": n, "version": 1} | settings_of(row[f"template {n}"], run.now) for n in "12"])
    ingest(run, [ADA | settings_of(row["event"], run.now)], tmp_path)
    process(run)
    assert rows_of(run, "select status, reason, template_id from event") == [("pending_delivery", None, row["wins"])]


REASONS = """
template                                     | event         | reason
---------------------------------------------|---------------|--------------------------
event_type=reset                             | -             | unknown_event_type
channel=sms                                  | -             | no_template_for_channel
queue=rt                                     | -             | no_template_for_queue
published_at=1                               | -             | template_not_published
published_at=-2 unpublished_at=0             | -             | template_not_published
published_at=1 language=de                   | -             | template_not_published
language=de                                  | language=fr   | no_template_for_language
language=de                                  | -             | no_template_for_language
language=fr-CA                               | language=fr   | no_template_for_language
condition=country='FR'                       | country=CA    | condition_not_met
condition=country='FR'                       | -             | condition_not_met
condition=country='FR' language=de           | language=fr   | no_template_for_language
"""


@pytest.mark.parametrize("row", table(REASONS), ids=lambda row: f"{row['template']} {row['event']}")
def test_without_a_candidate_the_most_specific_reason_is_given(
    run: AccountRun, tmp_path: Path, row: dict[str, str]
) -> None:
    publish(run, [{"template_id": "t", "version": 1} | settings_of(row["template"], run.now)])
    ingest(run, [ADA | settings_of(row["event"], run.now)], tmp_path)
    counts = process(run)
    assert statuses(run) == {"1": ("not_taken_into_account", row["reason"])}
    assert (counts.due, counts.not_taken_into_account, counts.deferred) == (1, 1, 0)


def test_a_superseded_version_does_not_come_back_when_the_next_is_unpublished(run: AccountRun, tmp_path: Path) -> None:
    hour = timedelta(hours=1)
    publish(
        run,
        [
            {"template_id": "t", "version": 1, "published_at": run.now - 3 * hour},
            {"template_id": "t", "version": 2, "published_at": run.now - 2 * hour, "unpublished_at": run.now - hour},
        ],
    )
    ingest(run, [ADA], tmp_path)
    process(run)
    assert statuses(run) == {"1": ("not_taken_into_account", "template_not_published")}


def test_expiry_comes_before_schedule_and_schedule_before_routing(run: AccountRun, tmp_path: Path) -> None:
    publish(run, [{"template_id": "t"}])
    past, future = (run.now - timedelta(minutes=1)).isoformat(), (run.now + timedelta(minutes=1)).isoformat()
    ingest(
        run,
        [
            ADA | {"id": "expired", "expiration": past, "scheduled": future},
            ADA | {"id": "expires now", "expiration": run.now.isoformat()},
            ADA | {"id": "later", "scheduled": future, "expiration": future},
            ADA | {"id": "due", "scheduled": run.now.isoformat()},
        ],
        tmp_path,
    )
    counts = process(run)
    assert statuses(run) == {
        "expired": ("expired", "expiration_passed"),
        "expires now": ("expired", "expiration_passed"),
        "later": ("pending", None),
        "due": ("pending_delivery", None),
    }
    assert vars(counts) == {
        "due": 1,
        "pending_delivery": 1,
        "not_taken_into_account": 0,
        "expired": 2,
        "deferred": 1,
        "template_paused": 0,
    }


def test_events_that_a_paused_template_wins_wait_for_it(run: AccountRun, tmp_path: Path) -> None:
    publish(run, [{"template_id": "t", "paused": True, "priority": 1}, {"template_id": "other"}])
    ingest(run, [ADA], tmp_path)
    assert process(run).template_paused == 1
    assert statuses(run) == {"1": ("pending", "template_paused")}
    before = rows_of(run, "select change_seq from event")
    process(run)
    assert rows_of(run, "select change_seq from event") == before
    with writing(run.store, purpose="resuming") as session:
        session.connection.execute("update template set paused = false")
    process(run)
    assert statuses(run) == {"1": ("pending_delivery", None)}


def test_events_share_the_open_delivery_of_template_queue_and_month(run: AccountRun, tmp_path: Path) -> None:
    publish(run, [{"template_id": "t"}])
    ingest(run, [ADA, ADA | {"id": "2"}], tmp_path)
    ingest(run, [ADA | {"id": "3"}], tmp_path, queue="rt", name="b")
    process(run)
    process(run, queue="rt")
    next_month = run.now + timedelta(days=30)
    ingest(run, [ADA | {"id": "4"}], tmp_path, name="c")
    process(run, now=next_month)
    found = rows_of(
        run,
        "select event_key, queue, month::varchar from event join delivery using (delivery_id, queue) order by 1",
    )
    assert found == [
        ("1", "batch", "2026-11-01"),
        ("2", "batch", "2026-11-01"),
        ("3", "rt", "2026-11-01"),
        ("4", "batch", "2026-12-01"),
    ]
    assert rows_of(run, "select count(distinct delivery_id), count(*) from delivery") == [(3, 3)]


def test_processing_again_changes_nothing(run: AccountRun, tmp_path: Path) -> None:
    publish(run, [{"template_id": "t"}])
    ingest(run, [ADA, ADA | {"id": "2", "type": "unknown"}], tmp_path)
    process(run)
    before = rows_of(run, "from event order by event_id"), rows_of(run, "from delivery")
    assert process(run).due == 0
    assert (rows_of(run, "from event order by event_id"), rows_of(run, "from delivery")) == before


def test_a_decision_on_an_event_that_changed_meanwhile_is_not_applied(run: AccountRun, tmp_path: Path) -> None:
    publish(run, [{"template_id": "t"}])
    ingest(run, [ADA, ADA | {"id": "2"}], tmp_path)
    routing = route(run.store, read_pending_events(run.store, "batch"), read_routing_templates(run.store), now=run.now)
    with writing(run.store, purpose="a faster flow") as session:
        session.connection.execute(
            "update event set status = 'expired', change_seq = nextval('change_seq') where event_key = '2'"
        )
    applied = in_store.apply_decisions(
        run.store, routing.decisions, queue="batch", cell_id=run.account.cell_id, now=run.now
    )
    assert applied.height == 1
    assert statuses(run) == {"1": ("pending_delivery", None), "2": ("expired", None)}


def test_decisions_are_applied_slice_by_slice_and_a_crash_leaves_the_rest_to_the_next_run(
    run: AccountRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_store, "SLICE_ROWS", 2)
    publish(run, [{"template_id": "t"}])
    ingest(run, [ADA | {"id": str(number)} for number in range(5)], tmp_path)
    sample_queues = in_store.sample_queues

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(in_store, "sample_queues", dies)
    with pytest.raises(KeyboardInterrupt):
        process(run)
    count = "select status, count(*) from event group by all order by 1"
    assert rows_of(run, count) == [("pending", 1), ("pending_delivery", 4)]
    assert rows_of(run, "from queue_sample") == []
    monkeypatch.setattr(in_store, "sample_queues", sample_queues)
    counts = process(run)
    assert (counts.due, counts.pending_delivery) == (1, 1)
    assert rows_of(run, count) == [("pending_delivery", 5)]
    assert rows_of(run, "select count(*) from delivery") == [(1,)]
    assert rows_of(run, "select queue, pending_delivery from queue_sample order by 1") == [("batch", 5), ("rt", 0)]


def test_counts_are_those_of_all_slices(run: AccountRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_store, "SLICE_ROWS", 2)
    publish(run, [{"template_id": "t"}])
    ingest(run, [ADA | {"id": str(number)} for number in range(5)], tmp_path)
    counts = process(run)
    assert (counts.due, counts.pending_delivery, counts.deferred) == (5, 5, 0)


def test_a_backfill_may_route_by_the_templates_of_an_events_own_time(run: AccountRun, tmp_path: Path) -> None:
    hour = timedelta(hours=1)
    publish(
        run,
        [
            {"template_id": "t", "version": 1, "published_at": run.now - 3 * hour},
            {"template_id": "t", "version": 2, "published_at": run.now - hour},
        ],
    )
    created = {"early": -4, "first": -2, "second": 0}
    ingest(
        run,
        [ADA | {"id": key, "created": (run.now + hours * hour).isoformat()} for key, hours in created.items()],
        tmp_path,
    )
    pending = read_pending_events(run.store, "batch")
    routing = route(run.store, pending, read_routing_templates(run.store), now=run.now, as_of_creation=True)
    assert routing.decisions.select("status", "reason", "template_version").rows() == [
        ("not_taken_into_account", "template_not_published", None),
        ("pending_delivery", None, 1),
        ("pending_delivery", None, 2),
    ]
    assert deliver(run)["messages"] == 0
