"""The report page: whole in itself, with the run's own numbers, whatever the events try to smuggle in."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from tasks.contracts.demo import AccountNumbers, DemoNumbers, PrefectCost, Timing
from tasks.exchange.demonstration.report_flow import Node, Ribbon, flow_picture
from tasks.exchange.demonstration.report_page import report_page, write_report_page

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOSTILE = "<script>alert('owned')</script>{{ 7 * 7 }}\"><img src=x onerror=y>"
VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """Collects tags, ids and text, and says where tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def account(name: str, sender: str) -> AccountNumbers:
    return AccountNumbers(
        name=name,
        label=f"Account {HOSTILE}",
        sender=sender,
        policy="message-center",
        files={"taken_in": 2, "unreadable": 1, "rows": 1_234, "accepted": 1_200, "duplicates": 30, "rejected": 4},
        rejects={"unparseable": 4},
        statuses={"sent": 1_100, "delivery_failed": 60, "not_taken_into_account": 40},
        reasons={"delivery_failed": {HOSTILE: 60}},
        messages={"handed_over": 1_150, "deferred": 5, "refused": 6, "not_rendered": 7},
        logs={"read": 2_345, "stored": 2_300, "duplicates": 40, "rejected": 5, "parked": 8},
        archive={"upserted": 9_876, "proved": 10},
        proof_holds=True,
        conservation_holds=True,
    )


def frames() -> dict[str, pl.DataFrame]:
    names = ["retail", "travel"]
    statuses = [
        (name, "rt", status, reason, events)
        for name in names
        for status, reason, events in (
            ("sent", None, 1_100),
            ("delivery_failed", HOSTILE, 60),
            ("not_taken_into_account", "unknown_event_type", 40),
        )
    ]
    story = {
        "account": "retail", "event_key": HOSTILE, "event_id": "72057594037927937", "queue": "rt",
        "event_type": HOSTILE, "channel": "email", "language": "en", "address": HOSTILE, "source_file": HOSTILE,
        "created_at": NINE, "received_at": NINE, "processing_at": NINE, "processed_at": NINE,
        "status": "delivery_failed",
        "reason": HOSTILE, "template_id": HOSTILE, "explanation": "what it shows",
    }  # fmt: skip
    return {
        "statuses": pl.DataFrame(statuses, schema=["account", "queue", "status", "reason", "events"], orient="row"),
        "event_types": pl.DataFrame({"event_type": [HOSTILE], "status": ["sent"], "events": [2_200]}),
        "languages": pl.DataFrame({"channel": ["email"], "language": [HOSTILE], "events": [9], "sent": [8]}),
        "arrivals": pl.DataFrame({"bin": [NINE - timedelta(minutes=10)], "queue": ["rt"], "events": [9]}),
        "outcomes": pl.DataFrame({"bin": [NINE], "status": ["sent"], "events": [8]}),
        "stages": pl.DataFrame({"stage": ["route"], "seconds": [1.5], "kind": ["work"]}),
        "files": pl.DataFrame(
            [("retail", "event", "rt", "ndjson", 2, 1_234, 1_200, 30, 4)],
            schema=["account", "content", "queue", "format", "files", "rows", "accepted", "duplicates", "rejected"],
            orient="row",
        ),
        "rejects": pl.DataFrame(
            [("event", "retail", "unparseable", 4, HOSTILE, 3, HOSTILE, HOSTILE)],
            schema=["content", "account", "reason", "rows", "source_file", "line", "detail", "raw"],
            orient="row",
        ),
        "stories": pl.DataFrame([story]),
        "story_logs": pl.DataFrame(
            [("retail", HOSTILE, NINE, "bounced", HOSTILE, None)],
            schema=["account", "event_key", "logged_at", "kind", "reason", "provider"],
            orient="row",
        ),
        "service_level": pl.DataFrame(
            [("retail", "email", 1_234, 1_100, 12.5, 0.125)],
            schema=[
                "account", "channel", "incoming_volume", "outgoing_volume", "average_sending_seconds", "error_rate",
            ],
            orient="row",
        ),
        "processing_time": pl.DataFrame(
            [("retail", None, 0, None, None, None)],
            schema=[
                "account", "channel", "sent", "average_queuing_seconds", "average_message_sending_seconds",
                "average_processing_seconds",
            ],
            orient="row",
        ),
    }  # fmt: skip


def numbers() -> DemoNumbers:
    return DemoNumbers(
        home=Path("/home/somebody/<demo>"),
        seed=7,
        generated=2_400,
        sample_files=24,
        accounts=(account("retail", "smtp"), account("travel", "outbox")),
        timings=(Timing("route", 3, 1.5, 1_600),),
        prefect=PrefectCost(6.0, 4.0, 35, 600),
        seconds=40.0,
        example_event="72057594037927937",
        frames=frames(),
    )


@pytest.fixture(scope="module")
def html() -> str:
    return report_page(numbers())


@pytest.fixture
def page(html: str) -> Page:
    parsed = Page()
    parsed.feed(html)
    return parsed


def test_it_is_well_formed(page: Page) -> None:
    assert page.open == []
    assert page.tags["svg"] == 7
    assert page.tags["title"] >= 1


def test_it_needs_nothing_from_elsewhere(html: str, page: Page) -> None:
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & page.tags.keys()
    names = {name for name, _ in page.attributes}
    assert not {"src", "srcset", "href", "data", "action"} & names
    assert not [name for name in names if name.startswith("on")]
    assert not re.findall(r"@import|url\((?!#)", html)
    addresses = set(re.findall(r"https?://[^\s\"'<]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_what_events_bring_is_text(html: str, page: Page) -> None:
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert" in html
    assert HOSTILE in page.text
    assert "{{ 7 * 7 }}" in html


def test_it_shows_the_runs_own_numbers(page: Page) -> None:
    text = " ".join(page.text.split())
    for number in ("2,468", "2,300", "4,690", "2,400", "1,150", "9,876", "40.0 s", "10.0 s"):
        assert number in text
    assert "holds" in text
    assert "equal" in text
    assert "BROKEN" not in text


def test_names_within_its_pictures_are_unique(html: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", html)) <= set(ids)


def test_its_pictures_take_the_pages_colours(html: str) -> None:
    assert "#010203" not in html
    assert "#030201" not in html
    assert "prefers-color-scheme: dark" in html


def test_it_is_written_whole(tmp_path: Path, html: str) -> None:
    numbers = DemoNumbers(
        tmp_path, 7, 0, 0, (account("retail", "smtp"), account("travel", "outbox")), (), PrefectCost(0, 0, 0, 0), 1.0,
        "1", frames(),
    )  # fmt: skip
    path = write_report_page(tmp_path / "report.html", numbers)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]
    assert len(html) > 20_000


def test_ribbons_fill_their_nodes() -> None:
    nodes = [Node("in", "in", 0, "#111", 100), Node("a", "a", 1, "#222", 60), Node("b", "b", 1, "#333", 40)]
    svg = flow_picture(nodes, [Ribbon("in", "a", 60), Ribbon("in", "b", 40), Ribbon("in", "none", 5)], ["from", "to"])
    assert svg.count("<path") == 2
    assert [round(node.given_out, 6) for node in nodes] == [round(nodes[0].height, 6), 0, 0]
    assert [round(node.taken_in, 6) for node in nodes[1:]] == [round(node.height, 6) for node in nodes[1:]]
    assert nodes[1].y + nodes[1].height < nodes[2].y
