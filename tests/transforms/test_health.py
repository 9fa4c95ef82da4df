"""What measures are taken of an account, and what thresholds make of them, against a naive reference."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tables import table

from tasks.contracts.health import AccountHealth, ArchiveFacts, Indicator, Measure, QueueFacts
from tasks.contracts.thresholds import INDICATORS, Threshold, Thresholds
from tasks.transforms.health import archive_measures, judge, limits, queue_measures

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUIET: dict[str, Any] = {
    "queued": 0, "other_queued": 0, "left_over": 0, "came_in": 0, "went_out": 0, "failed": 0, "last_change_seq": 0,
    "average_queue_seconds": None, "average_sending_seconds": None, "average_processing_seconds": None,
    "max_queued": None, "min_queued": None, "average_queued": None, "oldest_due_seconds": None,
    "first_received_at": None,
}  # fmt: skip


def facts(**values: object) -> Any:
    return QueueFacts.validate(pl.DataFrame([QUIET | values]), cast=True)


def judged(thresholds: Thresholds | None = None, *, window: timedelta = HOUR, **values: object) -> AccountHealth:
    thresholds = thresholds or Thresholds()
    seen = judge(queue_measures(facts(**values), thresholds, window=window), limits(thresholds))
    return AccountHealth("alpha", "rt", NOW, "read", None, seen)


def status(health: AccountHealth, indicator: str) -> str:
    (found,) = health.indicators.filter(indicator=indicator)["status"]
    return str(found)


def test_the_products_thresholds_are_the_defaults() -> None:
    expected = table(
        """
        indicator                  | warning | alert | worse
        queued                     | 100     | 400   | higher
        error_rate_percent         | 1       | 5     | higher
        outgoing_per_hour          | 18000   | 15000 | lower
        average_queue_seconds      | 4       | 8     | higher
        average_sending_seconds    | 6       | 12    | higher
        average_processing_seconds | 10      | 20    | higher
        max_queued                 | 100     | 400   | higher
        min_queued                 | 100     | 200   | higher
        average_queued             | 250     | 450   | higher
        oldest_due_seconds         | 900     | 3600  | higher
        archive_periods            | 2       | 6     | higher
        different_days             | 1       | 1     | higher
        """
    )
    rows = [{**row, "warning": float(row["warning"] or 0), "alert": float(row["alert"] or 0)} for row in expected]
    assert limits(Thresholds()).to_dicts() == rows


@pytest.mark.parametrize(
    ("indicator", "ok", "warning", "alert"),
    [("queued", 99, 100, 400), ("max_queued", 99, 399, 400), ("average_queued", 249.9, 250, 450),
     ("average_queue_seconds", 3.9, 4, 8), ("oldest_due_seconds", 899, 900, 3600)],
)  # fmt: skip
def test_a_value_at_a_limit_has_reached_it(indicator: str, ok: float, warning: float, alert: float) -> None:
    for value, expected in ((ok, "ok"), (warning, "warning"), (alert, "alert")):
        seen = judged(**{"came_in": 20, "went_out": 20, indicator: value})
        assert (status(seen, indicator), seen.value(indicator)) == (expected, value)


@pytest.mark.parametrize(
    ("came_in", "left_over", "failed", "went_out", "expected"),
    [
        (0, 0, 0, 0, "ok"),  # idle
        (500, 0, 0, 500, "ok"),  # all that came went
        (18_000, 0, 0, 18_000, "ok"),
        (20_000, 0, 0, 19_000, "ok"),
        (20_000, 0, 0, 18_000, "warning"),
        (20_000, 0, 0, 15_001, "warning"),
        (20_000, 0, 0, 15_000, "alert"),
        (20_000, 0, 0, 0, "alert"),
        (0, 20_000, 0, 0, "alert"),  # what came before the window waits still
        (20_000, 0, 12_000, 8_000, "ok"),  # nobody sends what has no template
    ],
)
def test_throughput_is_judged_only_where_enough_could_go(
    came_in: int, left_over: int, failed: int, went_out: int, expected: str
) -> None:
    seen = judged(came_in=came_in, left_over=left_over, failed=failed, went_out=went_out)
    assert status(seen, "outgoing_per_hour") == expected


def test_throughput_is_per_hour_whatever_the_window() -> None:
    seen = judged(window=HOUR / 4, came_in=5_000, went_out=4_000)
    assert (seen.value("outgoing_per_hour"), status(seen, "outgoing_per_hour")) == (16_000, "warning")
    assert status(judged(window=2 * HOUR, came_in=35_999, went_out=0), "outgoing_per_hour") == "ok"


@pytest.mark.parametrize(("came_in", "failed", "expected"), [(19, 19, "ok"), (20, 1, "alert"), (100, 1, "warning")])
def test_a_rate_over_few_events_is_shown_and_not_judged(came_in: int, failed: int, expected: str) -> None:
    seen = judged(came_in=came_in, failed=failed)
    assert (seen.value("error_rate_percent"), status(seen, "error_rate_percent")) == (100 * failed / came_in, expected)


def test_an_average_over_few_events_is_not_judged() -> None:
    slow = {"average_queue_seconds": 99.0, "average_sending_seconds": 99.0, "average_processing_seconds": 198.0}
    assert judged(went_out=19, came_in=100, **slow).status == "ok"
    assert judged(went_out=20, **slow).status == "alert"
    assert judged(Thresholds(min_events=19), went_out=19, **slow).status == "alert"


def test_an_idle_account_is_ok() -> None:
    assert set(judged().indicators["status"]) == {"ok"}


def test_an_indicator_can_be_switched_off_and_a_part_of_a_threshold_given() -> None:
    thresholds = Thresholds.model_validate({"queued": False, "max_queued": {"alert": 300}})
    assert judged(thresholds, queued=10_000).status == "ok"
    assert thresholds.max_queued == Threshold(warning=100, alert=300, worse="higher")
    assert status(judged(thresholds, max_queued=300), "max_queued") == "alert"
    only = Thresholds().only("queued")
    assert [name for name in INDICATORS if getattr(only, name)] == ["queued"]


@pytest.mark.parametrize(
    "bad",
    [
        {"queued": {"alert": 50}},
        {"outgoing_per_hour": {"alert": 20_000}},
        {"queued": True},
        {"queued": {"warning": float("nan")}},
        {"queued": {"worse": "sideways"}},
        {"queue": False},
        {"min_events": 0},
    ],
)
def test_thresholds_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Thresholds.model_validate(bad)


def test_direction_is_data() -> None:
    turned = Thresholds.model_validate({"queued": {"warning": 10, "alert": 5, "worse": "lower"}})
    assert [status(judged(turned, queued=value), "queued") for value in (11, 10, 5)] == ["ok", "warning", "alert"]


finite = st.floats(-1e6, 1e6)
thresholds = st.tuples(finite, finite, st.sampled_from(["higher", "lower"])).map(
    lambda one: Threshold(
        warning=(min if one[2] == "higher" else max)(one[:2]),
        alert=(max if one[2] == "higher" else min)(one[:2]),
        worse=one[2],
    )
)


@settings(max_examples=40, deadline=None)
@given(given=st.dictionaries(st.sampled_from(INDICATORS), st.tuples(st.none() | finite, st.booleans())), data=st.data())
def test_judging_is_as_a_naive_reader_of_the_thresholds_does_it(
    given: dict[str, tuple[float | None, bool]], data: st.DataObject
) -> None:
    limits_of = {name: data.draw(thresholds | st.just(value=False)) for name in INDICATORS}
    schema = {"indicator": pl.String, "value": pl.Float64, "judged": pl.Boolean}
    rows = [(name, value, counts) for name, (value, counts) in given.items()]
    measures = Measure.validate(pl.DataFrame(rows, schema=schema, orient="row"))
    seen = judge(measures, limits(Thresholds.model_validate(limits_of)))
    assert seen["indicator"].to_list() == list(INDICATORS)
    for row in seen.iter_rows(named=True):
        assert row["status"] == naive(limits_of[row["indicator"]], *given.get(row["indicator"], (None, False)))


def naive(limit: Threshold | bool, value: float | None, counts: bool) -> str:
    if isinstance(limit, bool) or value is None or not counts:
        return "ok"
    sign = 1 if limit.worse == "higher" else -1
    if sign * value >= sign * limit.alert:
        return "alert"
    return "warning" if sign * value >= sign * limit.warning else "ok"


def archived(*, change_seq: int, hours: float, days: int = 0) -> Any:
    row = {"account": "alpha", "change_seq": change_seq, "archived_at": NOW - hours * HOUR, "different_days": days}
    return ArchiveFacts.validate(pl.DataFrame([row]), cast=True)


@pytest.mark.parametrize(
    ("last", "own", "expected"),
    [
        (7, archived(change_seq=7, hours=100), 0),  # nothing new
        (8, archived(change_seq=7, hours=6), 3),
        (8, archived(change_seq=7, hours=-1), 0),  # a clock set back
        (8, ArchiveFacts.create_empty(), 2),  # never archived: since the first event
    ],
)
def test_an_archive_is_late_by_intervals_where_something_is_new(last: int, own: Any, expected: float) -> None:
    of_account = facts(last_change_seq=last, first_received_at=NOW - 4 * HOUR)
    seen = archive_measures(of_account, own, archive_every=2 * HOUR, now=NOW)
    assert dict(seen.select("indicator", "value").rows()) == {"archive_periods": expected, "different_days": 0}


def test_days_that_differ_are_counted() -> None:
    measures = archive_measures(facts(), archived(change_seq=0, hours=0, days=3), archive_every=HOUR, now=NOW)
    seen = judge(measures, limits(Thresholds()))
    assert seen.filter(indicator="different_days").select("value", "status").row(0) == (3, "alert")


def test_a_store_that_cannot_be_seen_counts() -> None:
    nothing = Indicator.create_empty()
    seen = {sight: AccountHealth("alpha", "rt", NOW, sight, None, nothing).status for sight in ("read", "missing")}
    assert seen == {"read": "ok", "missing": "ok"}
    assert AccountHealth("alpha", "rt", NOW, "busy", None, nothing).status == "warning"
    assert AccountHealth("alpha", "rt", NOW, "unreadable", None, nothing).status == "alert"
