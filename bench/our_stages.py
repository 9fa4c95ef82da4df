"""One stage of this project in a process of its own: `python -m bench.our_stages STAGE INPUTS`; JSON on stdout.

The home is `MESSAGE_CENTER_HOME`. A stage is the flow that an operator runs, on the Prefect server of
`PREFECT_API_URL`, timed from its call to its return; `--plain` runs the flow's own function, without Prefect.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from prefect import Flow

from bench.inputs import LIFE, TEMPLATES, Expected, Inputs, event_pieces, templates
from flows.archive_events import archive_events
from flows.collect_delivery_logs import collect_delivery_logs
from flows.deliver_events import deliver_events
from flows.ingest_events import ingest_events
from flows.process_batch_events import process_batch_events
from flows.publish_templates import publish_templates
from flows.update_event_status import update_event_status
from tasks.account_run import account_run
from tasks.contracts.publish_templates import RoutingTemplate
from tasks.contracts.route_events import PendingEvent
from tasks.route_events import route
from tasks.stopwatch import clocked, watching
from tasks.store.connection import reading

ACCOUNT = "bench"
NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
PUBLISHED = datetime(2026, 11, 23, 1, tzinfo=UTC)
AnyFlow = Flow[Any, Coroutine[Any, Any, Any]]
Stage = tuple[AnyFlow, Callable[[Inputs], dict[str, Any]], Callable[[Inputs], int]]


def _paths(files: list[Path]) -> dict[str, Any]:
    return {"account": ACCOUNT, "paths": [str(path) for path in files], "now": NOW}


def _alone(_: Inputs) -> dict[str, Any]:
    return {"account": ACCOUNT, "now": NOW}


def _archived(expected: Expected) -> int:
    """The rows of events, of delivery logs (one more for each hand-over) and of what is rejected."""
    logs = expected.log_rows - expected.log_duplicates + expected.messages
    return expected.accepted + logs + expected.rejected


STAGES: dict[str, Stage] = {
    "publish": (publish_templates, lambda files: {"path": str(files.templates), "at": PUBLISHED}, lambda _: TEMPLATES),
    "ingest": (ingest_events, lambda files: _paths(files.events), lambda files: files.expected.rows),
    "ingest_parquet": (ingest_events, lambda files: _paths(files.events_parquet), lambda files: files.expected.rows),
    "route": (
        process_batch_events,
        lambda files: _alone(files) | {"deliver": False},
        lambda files: files.expected.accepted,
    ),
    "deliver": (deliver_events, _alone, lambda files: files.expected.messages),
    "collect": (collect_delivery_logs, lambda files: _paths(files.logs), lambda files: files.expected.log_rows),
    "update": (update_event_status, _alone, lambda files: files.expected.log_rows - files.expected.log_duplicates),
    "archive": (archive_events, _alone, lambda files: _archived(files.expected)),
    "archive_nothing": (archive_events, _alone, lambda files: files.expected.accepted),
    "collect_new": (
        collect_delivery_logs,
        lambda files: _paths(files.new_logs),
        lambda files: files.expected.new_log_rows,
    ),
    "update_new": (update_event_status, _alone, lambda files: files.expected.new_log_rows),
}


async def run(stage: str, inputs: Inputs, *, plain: bool) -> dict[str, Any]:
    """Runs a stage: rows, seconds, seconds of its body, and the seconds that Prefect cost."""
    flow, parameters, rows = STAGES[stage]
    timed = copy(flow)
    timed.fn = clocked("body", flow.fn)
    with watching() as watch:
        start = time.perf_counter()
        await (timed.fn if plain else timed)(**parameters(inputs))
        seconds = time.perf_counter() - start
        watch.add("flow", flow.name, seconds)
    return {
        "rows": rows(inputs),
        "seconds": seconds,
        "body_seconds": watch.total("body"),
        "prefect_seconds": watch.recording_seconds(),
        "task_runs": watch.count("task"),
    }


async def life(inputs: Inputs, *, plain: bool) -> dict[str, Any]:
    """All stages of a life, by name."""
    return {stage: await run(stage, inputs, plain=plain) for stage in ("publish", *LIFE)}


def route_alone(inputs: Inputs, number_of_templates: int) -> dict[str, Any]:
    """The decisions on a size's events, at most a million, in memory, with so many versions of templates."""
    store = account_run(ACCOUNT, NOW).store
    known = RoutingTemplate.validate(_completed(_published(number_of_templates), RoutingTemplate))
    pieces = pl.concat(event_pieces(min(inputs.expected.rows, 10**6), seed=7))
    events = PendingEvent.validate(_completed(_pending(pieces), PendingEvent))
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        route(store, events, known, now=NOW)
        seconds.append(time.perf_counter() - start)
    return {"rows": events.height, "seconds": min(seconds)}


def _published(number: int) -> pl.DataFrame:
    sets = [
        templates().with_columns(pl.format("{}-{}", pl.lit(one), "template_id").alias("template_id"))
        for one in range(-(-number // TEMPLATES))
    ]
    at = pl.lit(PUBLISHED).dt.cast_time_unit("us").alias("published_at")
    return pl.concat(sets).head(number).with_columns(at, pl.lit(value=False).alias("paused"))


def _pending(events: pl.DataFrame) -> pl.DataFrame:
    return events.filter(kind="new").select(
        pl.col("number").alias("event_id"),
        pl.col("type").alias("event_type"),
        pl.lit("email").alias("channel"),
        pl.lit("batch").alias("queue"),
        "language",
        pl.lit(NOW).dt.cast_time_unit("us").alias("created_at"),
        pl.lit(0, pl.Int64).alias("change_seq"),
    )


def _completed(rows: pl.DataFrame, schema: Any) -> pl.DataFrame:
    missing = [pl.lit(None).alias(name) for name in schema.column_names() if name not in rows.columns]
    return rows.with_columns(missing).select(schema.column_names()).cast(pl.Schema(schema))


def statuses() -> dict[str, int]:
    """The account's events by status."""
    with reading(account_run(ACCOUNT, NOW).store) as session:
        rows = session.connection.execute("select status, count(*) from event group by status").fetchall()
    return {status: int(count) for status, count in rows}


def main() -> None:
    """Runs one stage and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=[*STAGES, "life", "statuses", "route_alone"])
    parser.add_argument("inputs", type=Path)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--templates", type=int, default=TEMPLATES)
    asked = parser.parse_args()
    inputs = Inputs(asked.inputs)
    if asked.stage == "statuses":
        figures: dict[str, Any] = statuses()
    elif asked.stage == "life":
        figures = {"stages": asyncio.run(life(inputs, plain=asked.plain))}
    elif asked.stage == "route_alone":
        figures = route_alone(inputs, asked.templates)
    else:
        figures = asyncio.run(run(asked.stage, inputs, plain=asked.plain))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
