"""Flow `backfill-events`: events of files, of a window, or some by id, run through the live code once more."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import dataframely as dy
import polars as pl
from pydantic import AwareDatetime, Field

from tasks.account_run import AccountRun, account_runs
from tasks.artifacts import show_run, show_table
from tasks.backfill_events import (
    Backfill,
    NamedFile,
    TakenIn,
    find_partitions,
    join_open_logs,
    on_a_copy,
    take_in_file,
    what_changed,
    work_over,
)
from tasks.check_conservation import check_conservation
from tasks.contracts.accounts import AccountName
from tasks.contracts.backfill_events import PartitionCounts, Scope, StatusDiff, TemplateTime
from tasks.deliver_events import deliver_events
from tasks.exchange.inbox import printable_name
from tasks.exchange.named_files import named_files
from tasks.exchange.scratch_folder import scratch_folder
from tasks.in_parallel import in_parallel
from tasks.ingest_events import IngestCounts
from tasks.operated import operated
from tasks.parameters import DryRunParameter, IdsParameter, NowParameter, QueueParameter
from tasks.settings import Settings
from tasks.update_event_status import StatusCounts

MOST_WORKERS: Final = 8


@dataclass(frozen=True)
class BackfillResult:
    """What a backfill did, or, in a dry run, would have done."""

    counts: dict[str, int]
    changes: list[dict[str, Any]]
    """`status_before` (null: taken in by this run), `status_after`, `reason`, `events`."""
    unreadable: list[str]
    """Files that could not be read, and why."""

    @property
    def table(self) -> list[dict[str, Any]]:
        """The changes as people read them, without what stayed as it was."""
        moved = [row for row in self.changes if row["status_before"] != row["status_after"]]
        return [{**row, "status_before": row["status_before"] or "(new)"} for row in moved]


@operated("backfill-events", workers=MOST_WORKERS)
async def backfill_events(
    *,
    accounts: Annotated[list[AccountName] | None, Field(max_length=128, description="Accounts; empty: all.")] = None,
    paths: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=4096)]] | None,
        Field(max_length=10_000, description="Event files or folders, for each of the accounts."),
    ] = None,
    queue: QueueParameter = "batch",
    from_at: Annotated[AwareDatetime | None, Field(description="Events created from this instant on.")] = None,
    to_at: Annotated[AwareDatetime | None, Field(description="Events created before this instant.")] = None,
    event_ids: IdsParameter = None,
    template_time: Annotated[
        TemplateTime, Field(description="Templates in force now (processing), or when each event was created (event).")
    ] = "processing",
    deliver: Annotated[bool, Field(description="Then hand over all that waits in these accounts.")] = False,
    workers: Annotated[int, Field(ge=1, le=MOST_WORKERS, description="Partitions worked over at once.")] = 2,
    dry_run: DryRunParameter = True,
    now: NowParameter = None,
) -> BackfillResult:
    """Takes events in, routes them, joins them with all of their logs, month by month, and tells what that changed.

    Name files, or a window, or ids. Events not taken into account stay so: `replay-events` is for them.

    Args:
        accounts: Execution accounts; empty: all of the roster.
        paths: Event files or folders, for each of the accounts.
        queue: Queue of the events in files: batch or real time.
        from_at: Events created from this instant on.
        to_at: Events created before this instant.
        event_ids: These events; empty: any.
        template_time: Templates in force now (`processing`), or when each event was created (`event`).
        deliver: Then hand over all that waits in these accounts; not in a dry run.
        workers: Partitions worked over at once.
        dry_run: Do all that on copies of the stores, and change nothing.
        now: Clock of the run; empty: the real time.
    """
    files = tuple(named_files(paths)) if paths else ()
    scope = Scope(files, tuple(map(printable_name, files)), from_at, to_at, event_ids or ())
    runs = account_runs(accounts, now)
    with scratch_folder(Settings().home, "backfill") as scratch:
        backfills = [Backfill(_of(run, scratch, dry_run=dry_run), scope, queue, template_time, scratch) for run in runs]
        taken_in = await in_parallel(
            take_in_file, [NamedFile(one, file) for one in backfills for file in files], workers=workers, what="files"
        )
        parts = [part for one in backfills for part in find_partitions(one)]
        worked = await in_parallel(work_over, parts, workers=workers, what="partitions")
        joined = await in_parallel(join_open_logs, [one.run for one in backfills], workers=workers, what="accounts")
        changes = what_changed(parts)
        result = _result(taken_in, worked, joined, changes)
        await _show(backfills, {"dry_run": dry_run, **result.counts}, result.table)
    if deliver and not dry_run:
        for run in runs:
            handed_over = await deliver_events(run.settings, run.account, now=run.now)
            result.counts["messages"] = result.counts.get("messages", 0) + handed_over["messages"]
    return result


def _of(run: AccountRun, scratch: Path, *, dry_run: bool) -> AccountRun:
    return on_a_copy(run, scratch / run.account.name) if dry_run else run


def _result(
    taken_in: Sequence[TakenIn],
    worked: Sequence[PartitionCounts],
    joined: Sequence[StatusCounts],
    changes: dy.DataFrame[StatusDiff],
) -> BackfillResult:
    files, parts = IngestCounts(), PartitionCounts()
    for one in taken_in:
        files = files.plus(one.counts)
    for done in worked:
        parts = parts.plus(done)
    moved = changes.filter(pl.col("status_before").ne_missing(pl.col("status_after")))
    counts = {f"ingest_{name}": count for name, count in vars(files).items() if taken_in} | vars(parts)
    counts |= {"log_rows": sum(one.log_rows for one in joined), "status_changed": int(moved["events"].sum())}
    return BackfillResult(counts, changes.to_dicts(), [one.unreadable for one in taken_in if one.unreadable])


async def _show(backfills: Sequence[Backfill], counts: dict[str, int], changes: list[dict[str, Any]]) -> None:
    about = "Events by status before and after" + (" (dry run)" if counts["dry_run"] else "")
    await show_table("backfill-changes", changes, about)
    for one in backfills:
        await show_run("backfill-events", one.run.account.name, counts, check_conservation(one.run.store))
