"""Eight writers and four readers on one account: `python -m bench.sharing [--seconds 120] [--json FILE]`.

Writers ingest files of 1,000 events each, one process each, through the stage that the flows use; one more archives
and publishes without a pause. Two readers keep one edition of the published data open from start to end, one opens
the newest again and again, and one looks at the account's queue the same way. Figures, not tests: `share` is what
`tests/stages/test_sharing.py` checks.
"""

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from multiprocessing.queues import Queue as Results
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from rich.console import Console
from rich.table import Table

from tasks.account_run import AccountRun, run_on
from tasks.archive_events import archive_events
from tasks.contracts.accounts import Account
from tasks.ingest_events import ingest_file
from tasks.publish_account import publish_account
from tasks.settings import Settings
from tasks.store import connection
from tasks.store.connection import StoreFile, reading
from tasks.store.lock import lock

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
QUERY = "select count(*), count(distinct event_type), max(length(ctx)) from event"
SPANS = ("wait", "hold", "write", "archive", "query")


@dataclass
class Tally:
    """What one process did."""

    role: str
    done: int = 0
    failed: list[str] = field(default_factory=list)
    wait: list[float] = field(default_factory=list)
    """Seconds from asking for the account's store, to write, until it was there."""
    hold: list[float] = field(default_factory=list)
    """Seconds that it was held."""
    write: list[float] = field(default_factory=list)
    """Seconds that a file took, from its first byte to its commit."""
    archive: list[float] = field(default_factory=list)
    query: list[float] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Events that a reader saw, query by query."""


def share(home: Path, *, seconds: float, writers: int = 8, events: int = 1_000, preload: int = 100_000) -> list[Tally]:
    """Lets all of them loose for so many seconds; returns what each did, writers first."""
    run = run_in(home)
    ingest_file(run.settings, run.account, event_file(home, "before", preload), queue="batch", now=NOW)
    archive_events(run.settings, run.account, now=NOW)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tasks.archive_events", "tasks.ingest_events", "tasks.publish_account"])
    stop, results, ready = context.Event(), context.Queue(), context.Barrier(writers + 6)
    jobs = [(write, (f"writer-{number}", events)) for number in range(writers)]
    jobs += [(archive, ("archive",)), (keep_reading, ("reader that stays",)), (keep_reading, ("reader that stays",))]
    jobs += [(read_newest, ("reader of the newest",)), (read_queue, ("reader of the queue",))]
    processes = [context.Process(target=work, args=(job, args, home, (ready, stop), results)) for job, args in jobs]
    for process in processes:
        process.start()
    ready.wait(300)
    time.sleep(seconds)
    stop.set()
    tallies = [results.get(timeout=300) for _ in processes]
    for process in processes:
        process.join()
    return sorted(tallies, key=lambda tally: tally.role, reverse=True)


def run_in(home: Path) -> AccountRun:
    """The account that they share."""
    return run_on(Settings(home=home, lock_wait_seconds=60), Account(name="shared", cell_id=1), NOW)


def event_file(home: Path, name: str, events: int) -> Path:
    """A file of events that nobody else has."""
    numbers = pl.DataFrame({"number": range(events)})
    rows = numbers.select(
        pl.format("{}-{}", pl.lit(name), "number").alias("id"),
        pl.format("type-{}", pl.col("number") % 40).alias("type"),
        pl.format("user{}@example.org", "number").alias("email"),
        pl.struct(pl.col("number").alias("order"), pl.lit("x" * 280).alias("note")).alias("ctx"),
    )
    path = home / "files" / f"{name}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.write_ndjson(path)
    return path


def work(
    job: Any, args: tuple[Any, ...], home: Path, signals: tuple[Barrier, Event], results: "Results[Tally]"
) -> None:
    """Does a job over and over until told to stop, and tells what came of it; an error ends the turn, not the job."""
    tally, (ready, stop) = Tally(args[0]), signals
    ready.wait(300)
    with timed_locks(tally, run_in(home).store.lock_path):
        turns = job(home, tally, *args)
        while not stop.is_set():
            try:
                next(turns)
            except Exception as error:  # noqa: BLE001 # whatever it is, it is a failed transaction
                tally.failed.append(repr(error))
                turns = job(home, tally, *args)
            else:
                tally.done += 1
    results.put(tally)


def write(home: Path, tally: Tally, name: str, events: int) -> Iterator[None]:
    """Ingests one file after the other."""
    run, number = run_in(home), 0
    while True:
        path = event_file(home, f"{name}-{number}-{time.time_ns()}", events)
        with timed(tally.write):
            counts = ingest_file(run.settings, run.account, path, queue="batch", now=NOW)
        if counts.accepted != events:
            raise RuntimeError(f"{events} events were to be accepted: {counts}")
        path.unlink()
        number += 1
        yield


def archive(home: Path, tally: Tally, _: str) -> Iterator[None]:
    """Archives and publishes."""
    run = run_in(home)
    while True:
        with timed(tally.archive):
            archive_events(run.settings, run.account, now=NOW)
        yield


def keep_reading(home: Path, tally: Tally, _: str) -> Iterator[None]:
    """Opens the published data once."""
    with duckdb.connect(str(run_in(home).settings.published_control), read_only=True) as con:
        while True:
            ask(con, tally)
            yield


def read_newest(home: Path, tally: Tally, _: str) -> Iterator[None]:
    """Opens the newest published data each time."""
    while True:
        with duckdb.connect(str(run_in(home).settings.published_control), read_only=True) as con:
            ask(con, tally)
        yield


def read_queue(home: Path, tally: Tally, _: str) -> Iterator[None]:
    """Looks at the account's own store each time."""
    run = run_in(home)
    while True:
        publish_account(run.settings, run.account)
        with duckdb.connect(str(run.settings.published_account("shared")), read_only=True) as con:
            ask(con, tally)
        yield


def ask(con: duckdb.DuckDBPyConnection, tally: Tally) -> None:
    """One query over all events."""
    con.execute("set enable_progress_bar = false")
    with timed(tally.query):
        ((events, _, _),) = con.execute(QUERY).fetchall()
    tally.answers.append(events)
    time.sleep(0.1)


@contextmanager
def timed(spans: list[float]) -> Iterator[None]:
    """Notes how long the block took."""
    start = time.perf_counter()
    yield
    spans.append(time.perf_counter() - start)


@contextmanager
def timed_locks(tally: Tally, path: Path) -> Iterator[None]:
    """Notes how long the process waits for the account's store to write, and holds it."""

    @contextmanager
    def watched(asked: Path, *, exclusive: bool, **how: Any) -> Iterator[None]:
        held: AbstractContextManager[None] = lock(asked, exclusive=exclusive, **how)
        if not exclusive or asked != path:
            with held:
                yield
            return
        start = time.perf_counter()
        with held:
            tally.wait.append(time.perf_counter() - start)
            with timed(tally.hold):
                yield

    connection.lock = watched  # type: ignore[assignment]
    yield
    connection.lock = lock


def stored_events(home: Path, store: str = "shared") -> int:
    """As many events as there are in a store."""
    settings = run_in(home).settings
    file = StoreFile(settings.account_store(store), "account") if store == "shared" else None
    with reading(file or StoreFile(settings.control_store, "control")) as session:
        ((events,),) = session.connection.execute("select count(*) from event").fetchall()
    return int(events)


def summary(tallies: list[Tally]) -> list[dict[str, Any]]:
    """By role and what was timed: how often, failures, and milliseconds p50, p99, max."""
    rows = []
    for role in dict.fromkeys(tally.role.partition("-")[0] for tally in tallies):
        of_role = [tally for tally in tallies if tally.role.partition("-")[0] == role]
        failed = sum(len(tally.failed) for tally in of_role)
        for span in SPANS:
            times = pl.Series([one * 1e3 for tally in of_role for one in asdict(tally)[span]], dtype=pl.Float64)
            if times.len():
                quantiles = {f"p{q}": times.quantile(q / 100, "nearest") for q in (50, 99)}
                rows.append({"role": role, "processes": len(of_role), "span": span, "times": times.len(),
                             "failed": failed, **quantiles, "max": times.max()})  # fmt: skip
    return rows


def main() -> None:
    """Runs it and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--preload", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        tallies = share(home, seconds=arguments.seconds, preload=arguments.preload)
        rows, events = summary(tallies), stored_events(home)
    table = Table("role", "processes", "span", "times", "failed", "p50 ms", "p99 ms", "max ms")
    for row in rows:
        table.add_row(*(f"{value:,.0f}" if isinstance(value, float) else f"{value}" for value in row.values()))
    Console().print(table, f"{events:,} events in the store after {arguments.seconds:g} s")
    if arguments.json:
        arguments.json.write_text(json.dumps({"seconds": arguments.seconds, "events": events, "spans": rows}, indent=2))


if __name__ == "__main__":
    main()
