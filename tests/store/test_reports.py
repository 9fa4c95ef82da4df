"""The reports' numbers against a naive computation, event by event."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from archivables import NOW
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.contracts.vocabulary import STATUSES
from tasks.store import reports
from tasks.store.connection import StoreFile, writing
from tasks.store.published import NothingPublishedError, reading_published

START = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
ERRORS = ("not_taken_into_account", "expired", "delivery_failed", "ignored")


@dataclass(frozen=True)
class Event:
    account: str
    queue: str
    channel: str
    event_type: str
    status: str
    created_at: datetime
    received_at: datetime
    scheduled_at: datetime | None
    processing_at: datetime | None
    processed_at: datetime | None

    @property
    def entered_at(self) -> datetime:
        return max(self.created_at, self.scheduled_at or self.created_at)


@dataclass(frozen=True)
class Sample:
    account: str
    queue: str
    sampled_at: datetime
    pending: int


@dataclass(frozen=True)
class Period:
    from_at: datetime | None
    to_at: datetime | None

    def has(self, instant: datetime) -> bool:
        return (self.from_at is None or instant >= self.from_at) and (self.to_at is None or instant < self.to_at)


instants = st.integers(0, 20_000).map(lambda tenths: START + timedelta(seconds=tenths / 10))
accounts, queues = st.sampled_from(["alpha", "beta"]), st.sampled_from(["batch", "rt"])
periods = st.builds(Period, st.none() | instants, st.none() | instants.map(lambda at: at + timedelta(seconds=600)))
samples = st.builds(Sample, accounts, queues, instants, st.integers(0, 500))


@st.composite
def events(draw: st.DrawFn) -> Event:
    status = draw(st.sampled_from(STATUSES) | st.just("sent"))
    created = draw(instants)
    routed = draw(instants) if status not in ("pending", "expired") else None
    return Event(
        draw(accounts),
        draw(queues),
        draw(st.sampled_from(["email", "sms"])),
        draw(st.sampled_from(["order", "reset"])),
        status,
        created,
        draw(instants),
        draw(st.none() | instants),
        routed,
        routed + timedelta(seconds=draw(st.integers(0, 9_999))) if routed and status == "sent" else None,
    )


def write(folder: Path, happened: list[Event], sampled: list[Sample]) -> Path:
    """A control store, which reads like a published one."""
    store = StoreFile(folder / "control.duckdb", "control", 5)
    with writing(store, purpose="a test") as session:
        if happened:
            frame = pl.DataFrame([vars(event) for event in happened], infer_schema_length=None)
            frame = frame.with_columns(pl.row_index("event_id").cast(pl.Int64), change_seq=1)
            frame = frame.cast({"scheduled_at": pl.Datetime("us", "UTC"), "processing_at": pl.Datetime("us", "UTC")})
            session.connection.register("happened", frame.cast({"processed_at": pl.Datetime("us", "UTC")}))
            session.connection.execute("insert into event by name from happened")
        for sample in sampled:
            session.connection.execute(
                "insert into queue_sample values (?, ?, ?, ?, 0, 1)",
                [sample.account, sample.sampled_at, sample.queue, sample.pending],
            )
    return store.path


def seconds(durations: list[timedelta]) -> float | None:
    return sum(duration.total_seconds() for duration in durations) / len(durations) if durations else None


def naive_service_level(happened: list[Event], period: Period) -> dict[tuple[str, ...], list[Any]]:
    if not happened:
        return {}
    first = period.from_at or min(event.entered_at for event in happened)
    last = period.to_at or max(max(event.entered_at, event.processed_at or event.entered_at) for event in happened)
    hours = (last - first).total_seconds() / 3600
    report: dict[tuple[str, ...], list[Any]] = {}
    for group in {(event.account, event.channel) for event in happened}:
        ours = [event for event in happened if (event.account, event.channel) == group]
        came = [event for event in ours if period.has(event.entered_at)]
        went = [e for e in ours if e.status == "sent" and e.processed_at and period.has(e.processed_at)]
        if came or went:
            errors = [sum(event.status == status for event in came) for status in ERRORS]
            report[group] = [
                len(came),
                len(came) / hours if hours else None,
                len(went),
                len(went) / hours if hours else None,
                seconds([e.processed_at - e.entered_at for e in went if e.processed_at]),
                *errors,
                sum(errors) / len(came) if came else None,
            ]
    return report


def naive_processing_time(
    happened: list[Event], sampled: list[Sample], period: Period
) -> dict[tuple[str | None, ...], list[Any]]:
    lengths: dict[str, list[int]] = {}
    for sample in sampled:
        if sample.queue == "rt" and period.has(sample.sampled_at):
            lengths.setdefault(sample.account, []).append(sample.pending)
    sent: dict[tuple[str, str], list[tuple[datetime, datetime, datetime]]] = {}
    for event in happened:
        if event.queue != "rt" or event.status != "sent" or not event.processing_at or not event.processed_at:
            continue
        if period.has(event.processed_at):
            times = (event.entered_at, event.processing_at, event.processed_at)
            sent.setdefault((event.account, event.channel), []).append(times)
    report: dict[tuple[str | None, ...], list[Any]] = {}
    for group, times in sent.items():
        queuing, sending = [b - a for a, b, _ in times], [c - b for _, b, c in times]
        report[group] = [len(times), seconds(queuing), seconds(sending), seconds([c - a for a, _, c in times])]
    for account in lengths.keys() - {account for account, _ in sent}:
        report[account, None] = [0, None, None, None]
    for (account, _), row in report.items():
        queued = lengths.get(str(account))
        row.extend([max(queued), min(queued), sum(queued) / len(queued)] if queued else [None, None, None])
    return report


def naive_event_history(happened: list[Event], period: Period) -> dict[tuple[Any, ...], list[Any]]:
    received = [event for event in happened if period.has(event.received_at)]
    report: dict[tuple[Any, ...], list[Any]] = {}
    for event in received:
        day = event.received_at.date()
        cell = (event.account, day.year, (day.month + 2) // 3, day.month, day, event.event_type, event.channel)
        counted = report.setdefault(cell, [0, 0, 0.0, 0.0])
        counted[0] += 1
        counted[1] += event.status == "sent"
        counted[2] = counted[1] / counted[0]
        counted[3] = math.floor(counted[1] * 10_000 / counted[0]) / 100
    return report


def keyed(frame: pl.DataFrame, key: int) -> dict[tuple[Any, ...], list[Any]]:
    return {row[:key]: [None if value is None else pytest.approx(value) for value in row[key:]] for row in frame.rows()}


@settings(max_examples=30, deadline=None)
@given(st.lists(events(), max_size=25), st.lists(samples, max_size=8), periods, st.none() | accounts)
def test_reports_equal_a_count_event_by_event(
    happened: list[Event], sampled: list[Sample], period: Period, account: str | None
) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder), happened, sampled)
        asked: dict[str, Any] = {"account": account, "from_at": period.from_at, "to_at": period.to_at}
        for naive, report, key in (
            (naive_service_level(happened, period), reports.service_level(path, **asked), 2),
            (naive_processing_time(happened, sampled, period), reports.processing_time(path, **asked), 2),
            (naive_event_history(happened, period), reports.event_history(path, **asked), 7),
        ):
            assert naive_of(naive, account) == keyed(report, key)


def naive_of(report: dict[Any, list[Any]], account: str | None) -> dict[Any, list[Any]]:
    return {group: row for group, row in report.items() if account in (None, group[0])}


def naive_lengths(happened: list[Event], period: Period) -> dict[tuple[str, str], tuple[int, int, float | None]]:
    """Longest, shortest and average length of each queue, stretch by stretch."""
    found = {}
    for group in {(event.account, event.queue) for event in happened}:
        stays = [
            (event.received_at, max(event.received_at, event.processing_at or event.processed_at or event.received_at))
            if event.status != "pending" and (event.processing_at or event.processed_at)
            else (event.received_at, None)
            for event in happened
            if (event.account, event.queue) == group
        ]
        instants = sorted({instant for stay in stays for instant in stay if instant})
        stretches = []
        for since, until in zip(instants, [*instants[1:], None], strict=True):
            if (period.to_at and since >= period.to_at) or (period.from_at and until and until <= period.from_at):
                continue
            ends = [instant for instant in (until, period.to_at) if instant]
            seconds = (min(ends) - max(since, period.from_at or since)).total_seconds() if ends else None
            stretches.append((sum(a <= since and (b is None or b > since) for a, b in stays), seconds))
        if stretches:
            lengths = [length for length, _ in stretches]
            timed = [(length, seconds) for length, seconds in stretches if seconds is not None]
            total = sum(seconds for _, seconds in timed)
            average = sum(length * seconds for length, seconds in timed) / total if total else None
            found[group] = (max(lengths), min(lengths), average)
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(events(), max_size=25), periods)
def test_queue_lengths_are_exact_at_every_arrival_and_departure(happened: list[Event], period: Period) -> None:
    with TemporaryDirectory() as folder, reading_published(write(Path(folder), happened, [])) as session:
        asked = {"account": None, "from_at": period.from_at, "to_at": period.to_at}
        lengths = session.frame("report_page/lengths", **asked)
    assert keyed(lengths, 2) == {
        group: [pytest.approx(value) if value is not None else None for value in row]
        for group, row in naive_lengths(happened, period).items()
    }


def test_the_products_own_example_is_cut_not_rounded(tmp_path: Path) -> None:
    at = START
    path = write(
        tmp_path,
        [Event("a", "rt", "email", "order", "sent", at, at, None, at, at)] * 17
        + [Event("a", "rt", "email", "order", "pending", at, at, None, None, None)] * 29,
        [],
    )
    row = reports.event_history(path).row(0, named=True)
    assert (row["events"], row["sent"], row["success_percent"]) == (46, 17, 36.95)


def test_a_scheduled_event_enters_the_queue_at_its_time(tmp_path: Path) -> None:
    later, done = START + timedelta(hours=1), START + timedelta(hours=1, seconds=3)
    path = write(tmp_path, [Event("a", "rt", "email", "order", "sent", START, START, later, later, done)], [])
    assert reports.service_level(path)["average_sending_seconds"].item() == 3
    assert reports.service_level(path, to_at=later)["incoming_volume"].to_list() == []


def test_reports_of_nothing_published_tell_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NothingPublishedError, match="archive an account first"):
        reports.processing_time(tmp_path / "control.duckdb", from_at=NOW)
