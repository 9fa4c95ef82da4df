"""The demonstration from end to end: real SMTP, a real Prefect server, every sample."""

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.demo_home import SAMPLES
from tasks.settings import PROJECT
from tasks.store.published import query_published

EVENTS = 200
OUTCOMES = pl.read_csv(SAMPLES / "outcomes.csv")


@dataclass(frozen=True)
class Demonstration:
    """A run in a home of its own."""

    home: Path
    answer: dict[str, Any]
    errors: str


def demonstrate(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-m", "deployments.command_line.app", "demo", "--events", str(EVENTS), *options],
        cwd=PROJECT,
        env={**environment, "MESSAGE_CENTER_HOME": str(home), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def published(home: Path, sql: str) -> pl.DataFrame:
    return query_published(home / "demo" / "published" / "control.duckdb", sql, limit=10_000)


def statuses(home: Path) -> pl.DataFrame:
    return published(home, "select account, status, reason, count(*) as events from event group by all order by all")


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    home = tmp_path_factory.mktemp("home")
    done = demonstrate(home, "--json")
    return Demonstration(home, json.loads(done.stdout), done.stderr)


def test_the_report_page_is_there_and_nothing_else_is_said(demonstration: Demonstration) -> None:
    page = Path(demonstration.answer["page"])
    assert page == demonstration.home / "demo" / "report.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert demonstration.errors == ""


def test_every_sample_ended_as_its_table_says(demonstration: Demonstration) -> None:
    events = published(demonstration.home, "select account, event_key, status, reason, template_id from event")
    ended = OUTCOMES.join(events, on=["account", "event_key"], how="left", suffix="_now", maintain_order="left")
    part = pl.col("reason").fill_null("")
    as_said = (
        pl.col("status").eq_missing(pl.col("status_now"))
        & pl.col("template_id").eq_missing(pl.col("template_id_now"))
        & (pl.col("reason").is_null() == pl.col("reason_now").is_null())
        & pl.col("reason_now").fill_null("").str.contains(part, literal=True)
    )
    others = ended.filter(~as_said).select("account", "event_key", "status", "status_now", "reason", "reason_now")
    assert others.is_empty(), others.rows()


def test_no_sample_is_left_out_of_the_table(demonstration: Demonstration) -> None:
    events = published(demonstration.home, "select account, event_key, source_file from event")
    events = events.filter(~pl.col("source_file").str.contains(r"^(retail|travel|bank)-(batch|rt)-\d{3}\."))
    assert events.join(OUTCOMES, on=["account", "event_key"], how="anti").is_empty()
    assert events.height == OUTCOMES.height


def test_unreadable_files_are_set_aside_and_unfinished_ones_left(demonstration: Demonstration) -> None:
    inbox = demonstration.home / "demo" / "inbox" / "travel"
    rejected = {path.name for path in inbox.rglob("rejected/*")}
    assert rejected == {
        "cut-short.parquet", "cut-short.parquet.reason.txt", "entity-bomb.xml", "entity-bomb.xml.reason.txt",
    }  # fmt: skip
    assert [path.name for path in inbox.rglob("*") if path.is_file() and path.parent.name in {"batch", "rt"}] == [
        "still-being-written.ndjson.part"
    ]


def test_every_row_and_every_event_is_accounted_for(demonstration: Demonstration) -> None:
    numbers = demonstration.answer
    totals = numbers["totals"]
    assert numbers["conservation"] == "holds"
    assert numbers["proof"] == "equal"
    assert totals["rows"] == totals["accepted"] + totals["duplicates"] + totals["rejected"]
    assert totals["accepted"] == sum(totals["by_status"].values())
    assert totals["by_status"]["pending_delivery"] == 0


def test_mail_really_went_to_a_server(demonstration: Demonstration) -> None:
    taken = pl.read_ndjson(demonstration.home / "demo" / "receiving-server" / "taken.ndjson")
    assert taken.height == demonstration.answer["accounts"]["retail"]["messages"]["handed_over"]
    assert "defer+sam@example.com" in taken["recipient"].to_list()


def test_prefect_recorded_the_runs(demonstration: Demonstration) -> None:
    prefect = demonstration.answer["prefect"]
    with sqlite3.connect(demonstration.home / "demo" / "prefect" / "prefect.db") as database:
        runs = dict(database.execute("select name, count(*) from flow group by name").fetchall())
        states = dict(database.execute("select state_type, count(*) from flow_run group by 1").fetchall())
    database.close()
    assert states == {"COMPLETED": prefect["flow_runs"] + 1}
    assert set(runs) == {
        "demo", "publish-templates", "ingest-events", "process-rt-events", "process-batch-events",
        "collect-delivery-logs", "update-event-status", "archive-events",
    }  # fmt: skip


def test_every_published_status_is_the_one_that_was_told(demonstration: Demonstration) -> None:
    by_status = statuses(demonstration.home).group_by("status").agg(pl.col("events").sum())
    told = {status: events for status, events in demonstration.answer["totals"]["by_status"].items() if events}
    assert told == dict(by_status.iter_rows())


@pytest.mark.long
def test_a_second_run_in_the_same_home_gives_the_same_and_tells_it_to_people(demonstration: Demonstration) -> None:
    before = statuses(demonstration.home)
    again = demonstrate(demonstration.home)
    assert again.stdout.splitlines()[-1] == demonstration.answer["page"]
    assert again.stderr == ""
    assert statuses(demonstration.home).equals(before)
