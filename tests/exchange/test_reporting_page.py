"""The page of reports in a real browser: drawn without a network, following its choices, running nothing of events."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from browser import CHROMIUM, shown
from vl_convert import javascript_bundle

from tasks.contracts.report_page import MOST_STEPS, ReportNumbers, step_of
from tasks.contracts.thresholds import Thresholds
from tasks.exchange.reporting.page import page, write_page
from tasks.store.connection import StoreFile, writing
from tasks.store.report_page import report_numbers
from tasks.transforms.report_page import judged

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOSTILE = "</script><img src=x onerror=\"document.title='taken over'\">{{ 7 * 7 }}"
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no browser here")


@pytest.fixture
def numbers(tmp_path: Path) -> ReportNumbers:
    """An hour of two accounts: 60 events each, one in ten failed for a reason that means harm."""
    store = StoreFile(tmp_path / "control.duckdb", "control", 5)
    rows = [
        {
            "account": account,
            "event_id": number + place * 1_000,
            "event_key": str(number),
            "queue": "rt",
            "event_type": HOSTILE if number % 2 else "order",
            "channel": "sms" if number % 3 == 0 else "email",
            "created_at": START + timedelta(minutes=number),
            "received_at": START + timedelta(minutes=number),
            "status": "delivery_failed" if number % 10 == 0 else "sent",
            "reason": f"{HOSTILE}: and more" if number % 10 == 0 else None,
            "processing_at": START + timedelta(minutes=number, seconds=3 + 3 * place),
            "processed_at": START + timedelta(minutes=number, seconds=8 + 3 * place),
            "change_seq": number,
        }
        for place, account in enumerate(("alpha", "beta"))
        for number in range(60)
    ]
    with writing(store, purpose="a test") as session:
        session.connection.register("happened", pl.DataFrame(rows, infer_schema_length=None))
        session.connection.execute("insert into event by name from happened")
    found = report_numbers(store.path)
    indicators = judged(found.frames["indicators"], {"alpha": Thresholds(), "beta": Thresholds()})
    return replace(found, frames={**found.frames, "indicators": indicators})


def test_the_numbers_are_those_of_the_events(numbers: ReportNumbers) -> None:
    frames = numbers.frames
    volumes = frames["volumes"].group_by("account", "what").agg(pl.col("events").sum()).sort("account", "what")
    assert volumes.rows() == [
        (account, what, events)
        for account in ("alpha", "beta")
        for what, events in (("errors", 6), ("incoming", 60), ("sent", 54))
    ]
    assert frames["errors"].select("status", "reason").unique().rows() == [
        ("delivery_failed", HOSTILE.partition(":")[0])
    ]
    times = frames["times"].group_by("account").agg(pl.col("queuing_seconds", "sending_seconds").sum()).sort("account")
    assert times.rows() == [("alpha", 54 * 3.0, 54 * 5.0), ("beta", 54 * 6.0, 54 * 5.0)]
    said = {
        (account, name): status
        for account, name, status in frames["indicators"].select("account", "indicator", "status").iter_rows()
    }
    assert said["alpha", "average_queue_seconds"] == "ok"
    assert said["beta", "average_queue_seconds"] == "warning"
    assert said["alpha", "error_rate_percent"] == "alert"
    assert said["alpha", "outgoing_per_hour"] == "alert"
    lengths = {row["account"]: row for row in frames["lengths"].iter_rows(named=True)}
    assert lengths["beta"]["max_queued"] == 1
    assert lengths["beta"]["average_queued"] == pytest.approx(60 * 6 / ((59 * 60) + 9), rel=0.01)


def test_one_account_and_a_period_are_told_alone(numbers: ReportNumbers, tmp_path: Path) -> None:
    since, until = START + timedelta(minutes=10), START + timedelta(minutes=20)
    asked = report_numbers(tmp_path / "control.duckdb", account="beta", from_at=since, to_at=until)
    assert (asked.from_at, asked.to_at) == (since, until)
    told = {name: frame["account"].unique().to_list() for name, frame in asked.frames.items()}
    assert told == {name: ["beta"] for name in numbers.frames}
    volumes = dict(asked.frames["volumes"].group_by("what").agg(pl.col("events").sum()).iter_rows())
    assert volumes == {"incoming": 10, "errors": 1, "sent": 9}


def test_the_page_asks_no_network_and_lets_no_event_be_more_than_text(numbers: ReportNumbers) -> None:
    text = page(numbers, now=START)
    assert text.count("</script>") == 2
    text = text.replace(javascript_bundle(snippet="window.vegaEmbed = vegaEmbed;"), "")
    assert "default-src 'none'" in text
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=", text)
    assert "<img" not in text
    assert "\\u003cimg" in text


@needs_browser
def test_the_page_is_drawn_and_follows_what_is_chosen(numbers: ReportNumbers, tmp_path: Path) -> None:
    path = write_page(tmp_path / "page.html", numbers, now=START)
    dom = shown(path.as_uri(), tmp_path / "profile")
    assert 'data-drawn="6"' in dom
    assert dom.count('role="graphics-document"') == 6
    assert "<title>Message Center reports</title>" in dom
    choose = """<script type="module">
        while (!window.messageCenter) await new Promise(again => setTimeout(again, 50));
        document.getElementById("account").value = "beta";
        document.getElementById("account").dispatchEvent(new Event("change"));
        const bars = [...messageCenter.views.times.data("data_0")];
        const rows = [...document.querySelectorAll("tr[data-account]")].filter(row => !row.hidden);
        document.body.dataset.seen = bars.map(bar => bar.where + bar.average).join(" ");
        document.body.dataset.rows = rows.map(row => row.dataset.account).join(" ");
    </script></body>"""
    before, _, after = path.read_text(encoding="utf-8").rpartition("</body>")  # the library has one too
    path.write_text(f"{before}{choose}{after}", encoding="utf-8")
    dom = shown(path.as_uri(), tmp_path / "profile")
    rows = re.search(r'data-rows="([^"]*)"', dom)
    assert rows
    assert set(rows[1].split()) == {"beta"}
    seen = re.search(r'data-seen="([^"]*)"', dom)
    assert seen
    assert set(seen[1].replace("in the queue", "queue").split()) == {"queue6", "sending5"}


@pytest.mark.parametrize(
    ("period", "seconds"),
    [(timedelta(hours=6), 300), (timedelta(hours=24), 300), (timedelta(days=7), 3_600), (timedelta(days=365), 604_800)],
)
def test_a_day_has_the_steps_of_the_product_and_no_period_has_too_many(period: timedelta, seconds: int) -> None:
    assert step_of(START, START + period) == seconds
    assert period.total_seconds() / seconds <= MOST_STEPS
