"""Thresholds and their directions, and when a value is too thin to judge."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from tasks.contracts.accounts import Account
from tasks.contracts.health import ArchiveFacts, Measure, QueueFacts
from tasks.contracts.thresholds import INDICATORS, Thresholds
from tasks.transforms.health import archive_measures, judge, limits, queue_measures

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def facts(**values: Any) -> Any:
    counts = ("queued", "other_queued", "due", "came_in", "went_out", "failed", "parked_overdue", "last_change_seq")
    row = {**dict.fromkeys(QueueFacts.create_empty().columns), **dict.fromkeys(counts, 0), **values}
    return QueueFacts.validate(pl.DataFrame([row], schema=QueueFacts.create_empty().schema))


def statuses(thresholds: Thresholds, **values: Any) -> dict[str, str]:
    judged = judge(queue_measures(facts(**values), thresholds, window=HOUR), limits(thresholds))
    return dict(judged.select("indicator", pl.col("status").cast(pl.String)).iter_rows())


@pytest.mark.parametrize(
    ("indicator", "value", "status"),
    [
        ("queued", 99, "ok"), ("queued", 100, "warning"), ("queued", 399, "warning"), ("queued", 400, "alert"),
        ("average_queued", 249.9, "ok"), ("average_queued", 250, "warning"), ("average_queued", 450, "alert"),
        ("outgoing_per_hour", 18_001, "ok"), ("outgoing_per_hour", 18_000, "warning"),
        ("outgoing_per_hour", 15_000, "alert"), ("free_mib", 2_000, "ok"), ("free_mib", 100, "alert"),
        ("different_days", 0, "ok"), ("different_days", 1, "alert"), ("queued", None, "ok"),
    ],
)  # fmt: skip
def test_a_limit_is_reached_in_its_own_direction(indicator: str, value: float | None, status: str) -> None:
    row = pl.DataFrame(
        {"indicator": [indicator], "value": [value], "judged": [True]}, schema=Measure.create_empty().schema
    )
    judged = judge(Measure.validate(row), limits(Thresholds()))
    assert judged["status"].to_list() == [status]


def test_an_idle_queue_is_well() -> None:
    assert set(statuses(Thresholds()).values()) == {"ok"}


def test_throughput_is_judged_only_where_enough_came_in_or_waits() -> None:
    assert statuses(Thresholds(), came_in=50, went_out=50)["outgoing_per_hour"] == "ok"
    assert statuses(Thresholds(), came_in=20_000, went_out=16_000)["outgoing_per_hour"] == "warning"
    assert statuses(Thresholds(), due=20_000, went_out=50)["outgoing_per_hour"] == "alert"
    assert statuses(Thresholds(), came_in=20_000, went_out=20_000)["outgoing_per_hour"] == "ok"


def test_rates_over_few_events_are_not_judged() -> None:
    few, enough = ({"came_in": count, "failed": count, "went_out": count, "average_queue_seconds": 99.0}
                   for count in (19, 20))  # fmt: skip
    assert {statuses(Thresholds(), **few)[name] for name in ("error_rate_percent", "average_queue_seconds")} == {"ok"}
    assert statuses(Thresholds(), **enough)["error_rate_percent"] == "alert"
    assert statuses(Thresholds(), **enough)["average_queue_seconds"] == "alert"


@pytest.mark.parametrize("indicator", INDICATORS)
def test_each_indicator_can_be_switched_off(indicator: str) -> None:
    assert limits(Thresholds(**{indicator: False})).filter(indicator=indicator)["alert"].to_list() == [None]


def test_a_part_of_a_threshold_keeps_the_rest_of_the_default() -> None:
    account = Account.model_validate({"name": "alpha", "cell_id": 1, "thresholds": {"queued": {"alert": 1_000}}})
    assert account.thresholds.queued
    assert account.thresholds.queued.model_dump() == {"warning": 100, "alert": 1_000, "worse": "higher"}


@pytest.mark.parametrize(
    "wrong", [{"queued": {"alert": 1}}, {"outgoing_per_hour": {"alert": 90_000}}, {"queue": False}]
)
def test_thresholds_out_of_order_and_unknown_ones_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Thresholds.model_validate(wrong)


@pytest.mark.parametrize(("last_change_seq", "hours", "periods"), [(10, 3, 0.0), (11, 3, 3.0), (11, 0, 0.0)])
def test_an_archive_is_late_only_when_something_waits_for_it(last_change_seq: int, hours: int, periods: float) -> None:
    row = {"account": "a", "change_seq": 10, "archived_at": NOW - hours * HOUR, "different_days": 0}
    archived = ArchiveFacts.validate(pl.DataFrame([row], schema=ArchiveFacts.create_empty().schema))
    measured = archive_measures(facts(last_change_seq=last_change_seq), archived, archive_every=HOUR, now=NOW)
    assert measured.filter(indicator="archive_periods")["value"].to_list() == [periods]


def test_what_was_never_archived_is_late_since_its_first_event() -> None:
    never = ArchiveFacts.create_empty()
    since = facts(last_change_seq=5, first_received_at=NOW - 7 * HOUR)
    measured = archive_measures(since, never, archive_every=HOUR, now=NOW)
    assert measured.filter(indicator="archive_periods")["value"].to_list() == [7.0]
