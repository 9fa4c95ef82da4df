"""How fast each stage is on this machine: `python bench/life.py [EVENTS]`. Figures, not tests."""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from tasks.account_run import AccountRun, run_on
from tasks.archive_events import archive_events
from tasks.collect_delivery_logs import collect_delivery_log
from tasks.contracts.accounts import Account
from tasks.contracts.publish_templates import TemplateSource
from tasks.deliver_events import deliver_events
from tasks.ingest_events import ingest_file
from tasks.publish_templates import publish_templates
from tasks.route_events import apply_routing, read_pending_events, read_routing_templates, route
from tasks.settings import Settings
from tasks.store.connection import reading
from tasks.update_event_status import apply_statuses, join_statuses, read_open_logs

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TYPES, TEMPLATES = 40, 5_000
LANGUAGES = ["fr", "fr-CA", "en", "en-GB", "de", "es", "it", None]


def main(events: int) -> None:
    """Times one life of so many events, stage by stage."""
    with tempfile.TemporaryDirectory() as folder:
        run = run_on(Settings(home=Path(folder)), Account(name="bench", cell_id=1), NOW)
        publish_templates(run.store, templates(), at=NOW)
        inputs = write_events(Path(folder), events)
        table = Table("stage", "rows", "seconds", "rows/s")
        timed(table, "ingest", events, lambda: ingest_file(run.settings, run.account, inputs, queue="batch", now=NOW))
        timed(table, "route", events, lambda: process(run))
        timed(
            table,
            "deliver to the outbox",
            events,
            lambda: asyncio.run(deliver_events(run.settings, run.account, now=NOW)),
        )
        logs, rows = write_logs(Path(folder), run)
        timed(
            table, "collect delivery logs", rows, lambda: collect_delivery_log(run.settings, run.account, logs, now=NOW)
        )
        timed(table, "update statuses", rows, lambda: update(run))
        timed(table, "archive, with proof", events, lambda: archive_events(run.settings, run.account, now=NOW))
        timed(table, "archive, nothing new", events, lambda: archive_events(run.settings, run.account, now=NOW))
        Console().print(table)


def timed(table: Table, stage: str, rows: int, work: Callable[[], object]) -> None:
    """Runs a stage once and notes its pace."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    table.add_row(stage, f"{rows:,}", f"{seconds:.2f}", f"{rows / seconds:,.0f}")


def process(run: AccountRun) -> None:
    """Routes the batch queue."""
    routing = route(run.store, read_pending_events(run.store, "batch"), read_routing_templates(run.store), now=NOW)
    apply_routing(run.store, routing, account=run.account, queue="batch", now=NOW)


def update(run: AccountRun) -> None:
    """Joins the logs to the events."""
    logs = read_open_logs(run.store)
    apply_statuses(run.store, logs, join_statuses(logs, account=run.account), account=run.account, now=NOW)


def templates() -> pl.DataFrame:
    """Templates over all types and languages, some superseded."""
    rows = [
        {
            "template_id": f"template-{number % (TEMPLATES // 2)}",
            "version": 1 + number // (TEMPLATES // 2),
            "event_type": f"type-{number % TYPES}",
            "channel": "email",
            "priority": 0,
            "language": LANGUAGES[number // TYPES % len(LANGUAGES)],
            "subject": "{{ ctx.order.id }}",
            "body_text": "Dear {{ ctx.name }}, your order {{ ctx.order.id }} is on its way.",
        }
        for number in range(TEMPLATES)
    ]
    return TemplateSource.validate(pl.DataFrame(rows, schema=pl.Schema(TemplateSource)))


def write_events(folder: Path, events: int) -> Path:
    """An NDJSON file of events with a `ctx` of about 300 bytes."""
    chance = random.Random(7)
    note = "x" * 220
    path = folder / "events.ndjson"
    with path.open("w") as file:
        for number in range(events):
            event = {
                "id": f"e{number}",
                "type": f"type-{chance.randrange(TYPES)}",
                "email": f"user{number}@example.org",
                "language": chance.choice(LANGUAGES),
                "ctx": {"name": "Ada", "order": {"id": number, "total": 12.5}, "note": note},
            }
            file.write(json.dumps(event) + "\n")
    return path


def write_logs(folder: Path, run: AccountRun) -> tuple[Path, int]:
    """A Parquet log: two rows for each event with a delivery, in no order."""
    with reading(run.store) as session:
        ids = session.connection.sql("select event_id from event where status = 'pending_delivery'").pl()
    log = ids.join(pl.DataFrame({"kind": ["accepted", "delivered"]}), how="cross").with_columns(
        pl.lit("2026-11-23T12:05:00Z").alias("logged_at"), pl.lit("ada@example.org").alias("recipient")
    )
    path = folder / "log.parquet"
    log.sample(fraction=1, shuffle=True, seed=7).write_parquet(path)
    return path, log.height


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
