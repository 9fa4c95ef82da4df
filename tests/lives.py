"""Drives events through the stages as the flows do, for tests that look at what comes out."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from templates import publish as publish_sources

from tasks.account_run import AccountRun
from tasks.collect_delivery_logs import CollectCounts, collect_delivery_log
from tasks.contracts.publish_templates import TemplateSource
from tasks.contracts.vocabulary import Queue
from tasks.deliver_events import deliver_events
from tasks.ingest_events import IngestCounts, ingest_file
from tasks.route_events import RoutingCounts, apply_routing, read_pending_events, read_routing_templates, route
from tasks.store.connection import reading
from tasks.update_event_status import StatusCounts, apply_statuses, join_statuses, read_open_logs

Rows = Sequence[Mapping[str, Any]]


def publish(run: AccountRun, templates: Rows, *, at: datetime | None = None) -> None:
    """Publishes templates given by the columns that matter; bodies are filled in."""
    defaults = {"event_type": "order", "channel": "email", "priority": 0, "body_text": "Hello"}
    rows = [defaults | dict(template) for template in templates]
    sources = TemplateSource.validate(pl.DataFrame(rows, schema=pl.Schema(TemplateSource)))
    publish_sources(run.store, sources, at=at or run.now)


def ingest(run: AccountRun, rows: Rows, folder: Path, *, queue: Queue = "batch", name: str = "a") -> IngestCounts:
    """Takes rows in as one NDJSON file."""
    path = folder / f"{name}.ndjson"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return ingest_file(run.settings, run.account, path, queue=queue, now=run.now)


def process(run: AccountRun, *, queue: Queue = "batch", now: datetime | None = None) -> RoutingCounts:
    """Routes a queue."""
    now = now or run.now
    routing = route(run.store, read_pending_events(run.store, queue), read_routing_templates(run.store), now=now)
    return apply_routing(run.store, routing, account=run.account, queue=queue, now=now)


def deliver(run: AccountRun, *, now: datetime | None = None) -> dict[str, int]:
    """Hands over what is routed."""
    return asyncio.run(deliver_events(run.settings, run.account, now=now or run.now))


def collect(run: AccountRun, rows: Rows, folder: Path, *, name: str = "log") -> CollectCounts:
    """Takes log rows in as one NDJSON file."""
    path = folder / f"{name}.ndjson"
    path.write_text("\n".join(json.dumps(row, default=str) for row in rows))
    return collect_delivery_log(run.settings, run.account, path, now=run.now)


def update(run: AccountRun, *, now: datetime | None = None) -> StatusCounts:
    """Joins logs to events."""
    logs = read_open_logs(run.store)
    changes = join_statuses(logs, account=run.account)
    return apply_statuses(run.store, logs, changes, account=run.account, now=now or run.now)


def rows_of(run: AccountRun, sql: str) -> list[tuple[Any, ...]]:
    """What a query on the account's store says."""
    with reading(run.store) as session:
        return session.connection.execute(sql).fetchall()


def statuses(run: AccountRun) -> dict[str, tuple[str, str | None]]:
    """Status and reason of each event, by its key."""
    return {
        key: (status, reason) for key, status, reason in rows_of(run, "select event_key, status, reason from event")
    }
