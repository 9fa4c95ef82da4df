"""Events run through the live code once more: taken in, routed, joined with all of their logs, part by part."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl

from tasks.account_run import AccountRun
from tasks.contracts.backfill_events import Partition, PartitionCounts, Scope, ScopedEvent, StatusDiff, TemplateTime
from tasks.contracts.vocabulary import QUEUES, Queue
from tasks.exchange.inbox import content_hash, printable_name
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.ingest_events import IngestCounts, read_event_file, store_events
from tasks.route_events import apply_routing, read_routing_templates, route
from tasks.stage import plain_calls, stage
from tasks.store import backfill_events as in_store
from tasks.store.copy_store import copy_store
from tasks.store.ingested_files import is_ingested
from tasks.store.route_events import pending_events
from tasks.store.update_event_status import all_logs, apply_status_changes
from tasks.transforms import backfill_events as transform
from tasks.transforms.route_events import pending_among
from tasks.update_event_status import StatusCounts, apply_statuses, join_statuses, read_open_logs

BEFORE: Final = "before"
"""The folder of what events were before, a file for each partition."""


@dataclass(frozen=True)
class Backfill:
    """One backfill, in one account."""

    run: AccountRun
    """On the account's store, or on a copy of it for a dry run."""
    scope: Scope
    queue: Queue
    """Of events that come in files."""
    template_time: TemplateTime
    scratch: Path
    """A folder that is gone after the run."""


@dataclass(frozen=True)
class NamedFile:
    """A file of a backfill."""

    backfill: Backfill
    path: Path


@dataclass(frozen=True)
class Part:
    """A partition of a backfill."""

    backfill: Backfill
    of: Partition


def on_a_copy(run: AccountRun, scratch: Path) -> AccountRun:
    """The same run on a copy of the account's store, which nobody else knows."""
    settings = run.settings.model_copy(update={"home": scratch})
    path = settings.account_store(run.account.name)
    copy_store(run.store, path)
    return AccountRun(settings, run.account, type(run.store)(path, "account", run.store.wait_seconds), run.now)


@dataclass(frozen=True)
class TakenIn:
    """What became of a file; it stays where it is."""

    counts: IngestCounts
    unreadable: str | None = None
    """Why it cannot be read."""


@stage
def take_in_file(file: NamedFile) -> TakenIn:
    """Takes a file in, unless its content was before."""
    backfill, path = file.backfill, file.path
    run, queue = backfill.run, backfill.queue
    with plain_calls():
        if is_ingested(run.store, content_hash(path), "event"):
            return TakenIn(IngestCounts(known_files=1))
        read = read_event_file(path, queue=queue, max_bytes=run.settings.max_file_bytes, now=run.now)
        if isinstance(read, UnreadableFileError):
            return TakenIn(IngestCounts(unreadable_files=1), f"{printable_name(path)}: {read}")
        return TakenIn(store_events(run.store, read, cell_id=run.account.cell_id, now=run.now))


@stage
def find_partitions(backfill: Backfill) -> list[Part]:
    """The partitions of a backfill in its account."""
    periods = transform.partitions(in_store.days_of(backfill.run.store, backfill.scope))
    return [Part(backfill, Partition(backfill.run.account.name, *period)) for period in periods.iter_rows()]


@stage
def work_over(part: Part) -> PartitionCounts:
    """Routes what is pending in a partition, and joins what was handed over with all of its logs again.

    What is done already is not done again: a backfill that was cut off goes on where it was.
    """
    backfill, partition = part.backfill, part.of
    run = backfill.run
    with plain_calls():
        before = in_store.events_of(run.store, backfill.scope, partition, now=run.now)
        _before_file(backfill, partition).parent.mkdir(parents=True, exist_ok=True)
        before.write_parquet(_before_file(backfill, partition))
        routed = sum(_routed(backfill, partition, before, queue) for queue in QUEUES)
        logs = all_logs(run.store, before["event_id"])
        changes = join_statuses(logs, account=run.account)
        rejoined = apply_status_changes(run.store, logs, changes, now=run.now).changes if changes.height else changes
    return PartitionCounts(1, before.height, routed, rejoined.height)


@stage
def join_open_logs(run: AccountRun) -> StatusCounts:
    """Applies the logs that waited for events that came in or were routed."""
    with plain_calls():
        logs = read_open_logs(run.store)
        changes = join_statuses(logs, account=run.account)
        return apply_statuses(run.store, logs, changes, account=run.account, now=run.now)


@stage
def what_changed(parts: Sequence[Part]) -> dy.DataFrame[StatusDiff]:
    """How many events of partitions went from which status to which."""
    return transform.sum_of([_changed_in(part.backfill, part.of) for part in parts])


def _changed_in(backfill: Backfill, partition: Partition) -> pl.DataFrame:
    before = ScopedEvent.validate(pl.read_parquet(_before_file(backfill, partition)), cast=True)
    return transform.status_diff(before, in_store.statuses_of(backfill.run.store, before["event_id"]))


def _routed(backfill: Backfill, partition: Partition, events: dy.DataFrame[ScopedEvent], queue: Queue) -> int:
    run = backfill.run
    pending = pending_events(run.store, queue, from_at=partition.from_at, to_at=partition.to_at)
    routing = route(
        run.store,
        pending_among(pending, events["event_id"]),
        read_routing_templates(run.store),
        now=run.now,
        as_of_creation=backfill.template_time == "event",
    )
    if routing.decisions.is_empty():
        return 0
    return apply_routing(run.store, routing, account=run.account, queue=queue, now=run.now).due


def _before_file(backfill: Backfill, partition: Partition) -> Path:
    name = f"{partition.from_at:%Y%m%dT%H%M%S}.parquet"
    return backfill.scratch / BEFORE / backfill.run.account.name / name
