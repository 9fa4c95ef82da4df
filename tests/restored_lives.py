"""A life with a disaster in it: what a backup knew, what came after it, and what the account's store is afterwards."""

import asyncio
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
from lives import process, publish, rows_of, update

from tasks.account_run import AccountRun, run_on
from tasks.archive_events import ArchiveResult, archive_events
from tasks.back_up_store import back_up_store
from tasks.check_conservation import check_conservation
from tasks.collect_delivery_logs import collect_delivery_log
from tasks.contracts.archive_events import ARCHIVED_TABLES
from tasks.contracts.vocabulary import Queue
from tasks.deliver_events import deliver_events
from tasks.exchange.inbox import waiting_files
from tasks.ingest_events import ingest_file
from tasks.restore_store import Restored, restore_account
from tasks.settings import Settings
from tasks.store.connection import StoreFile, reading

HOUR = timedelta(hours=1)


def begin(run: AccountRun) -> None:
    publish(run, [{"template_id": "confirm", "published_at": run.now - 24 * HOUR}])


def put_events(run: AccountRun, name: str, keys: range, *, queue: Queue = "batch", **fields: object) -> None:
    """A file of events in the inbox; `no address` is no event."""
    inbox = run.settings.inbox(run.account.name, queue)
    inbox.mkdir(parents=True, exist_ok=True)
    rows = [{"id": f"key-{key}", "type": "order", "email": f"a{key}@example.net", **fields} for key in keys]
    pl.DataFrame([*rows, {"id": f"{name} no address", "type": "order"}]).write_ndjson(inbox / f"{name}.ndjson")


def put_logs(run: AccountRun, name: str, keys: range, kind: str) -> None:
    """A delivery log that tells of events by the ids that their messages carried."""
    inbox = run.settings.delivery_log_inbox(run.account.name)
    inbox.mkdir(parents=True, exist_ok=True)
    ids = dict(rows_of(run, "select event_key, event_id from event"))
    at = (run.now + HOUR).isoformat()
    rows = [{"event_id": str(ids[f"key-{key}"]), "kind": kind, "logged_at": at, "source_id": "p"} for key in keys]
    pl.DataFrame(rows).write_ndjson(inbox / f"{name}.ndjson")


def work(run: AccountRun, *, deliver: bool = True) -> dict[str, int]:
    """What the flows do with all that waits; returns what became of the hand-overs."""
    counts: dict[str, int] = {}
    for queue in ("batch", "rt"):
        for path in waiting_files(run.settings.inbox(run.account.name, queue)):
            ingest_file(run.settings, run.account, path, queue=queue, now=run.now)
        process(run, queue=queue)
    if deliver:
        counts = asyncio.run(deliver_events(run.settings, run.account, now=run.now))
    for path in waiting_files(run.settings.delivery_log_inbox(run.account.name)):
        collect_delivery_log(run.settings, run.account, path, now=run.now)
    update(run)
    check_conservation(run.store)
    return counts


def archive(run: AccountRun) -> ArchiveResult:
    return archive_events(run.settings, run.account, now=run.now)


def unequal_tables(run: AccountRun) -> list[str]:
    """The tables of which archive and store differ in a value of a row."""
    control = StoreFile(run.settings.control_store, "control")
    unequal = []
    for table in ARCHIVED_TABLES:
        order = ", ".join(table.key)
        with reading(run.store) as session:
            ours = session.connection.table(table.name).order(order).pl()
        with reading(control) as session:
            theirs = session.connection.table(table.name).order(order).pl()
        if not ours.equals(theirs.select(ours.columns)):
            unequal.append(table.name)
    return unequal


def back_up(run: AccountRun) -> Path:
    return back_up_store(run.settings, run.account, to=None, now=run.now).path


def restore(run: AccountRun, backup: Path) -> Restored:
    return asyncio.run(restore_account(run.settings, run.account.name, backup, now=run.now))


def later(run: AccountRun, hours: int = 1) -> AccountRun:
    return run_on(run.settings, run.account, run.now + hours * HOUR)


def put_back(restored: Restored) -> None:
    """What the operator does with the files that the store does not know."""
    for path in restored.unknown_files:
        shutil.move(path, path.parent.parent / path.name)


def outcome(run: AccountRun) -> dict[str, tuple[Any, ...]]:
    """What became of every event, and how often each was handed over by the outbox's own files."""
    sent = Counter(
        key for path in run.settings.outbox("alpha").glob("*.parquet") for key in pl.read_parquet(path)["event_key"]
    )
    events = rows_of(run, "select event_key, status, reason, count(*) from event group by all")
    return {key: (status, reason, count, sent[key]) for key, status, reason, count in events}


def before_the_backup(run: AccountRun) -> None:
    """Events handed over and archived, events routed, and events that are scheduled for later."""
    begin(run)
    put_events(run, "done", range(10))
    work(run)
    put_events(run, "routed", range(10, 20))
    work(run, deliver=False)
    archive(run)
    put_events(run, "scheduled", range(20, 25), scheduled=later(run).now.isoformat())
    work(run, deliver=False)


def after_the_backup(run: AccountRun) -> None:
    """The scheduled ones leave, new ones come, some of which expire soon, logs speak; half of that is archived."""
    soon = later(run).now.isoformat()
    put_events(run, "new", range(30, 36), expiration=soon)
    put_logs(run, "delivered", range(15), "delivered")
    work(run)
    archive(run)
    put_events(run, "newer", range(40, 46), expiration=soon)
    work(run)
    put_logs(run, "late", range(40, 43), "bounced")
    work(run)
    put_events(run, "newest", range(50, 52))
    work(run, deliver=False)


def the_end(run: AccountRun) -> None:
    """The last logs, and all that is still to do."""
    put_logs(run, "last", range(43, 46), "delivered")
    work(run)
    work(run)
    assert archive(run).proof == "equal"


def moved(run: AccountRun, home: Path) -> AccountRun:
    """The same life in a copy of its home."""
    shutil.copytree(run.settings.home, home)
    return run_on(Settings(home=home, lock_wait_seconds=5), run.account, run.now)
