"""Many small deliveries, and real time beside a batch run: `python -m bench.hand_over`.

Hands over events of forty deliveries, again and again; then routes a batch queue in one process, while another takes
and gives back the store's lock all the time, as a real-time run would.
"""

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path

import polars as pl
from rich.console import Console

from tasks.account_run import AccountRun, run_on
from tasks.contracts.accounts import Account
from tasks.contracts.publish_templates import TemplateSource
from tasks.contracts.vocabulary import CELL_SIZE, Queue
from tasks.deliver_events import deliver_events
from tasks.publish_templates import publish_templates
from tasks.route_events import apply_routing, read_pending_events, read_routing_templates, route
from tasks.settings import Settings
from tasks.store.connection import writing
from tasks.store.lock import lock
from tasks.store.publish_templates import Change

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DELIVERIES = 40
ROUNDS = 5
PROCESSES = multiprocessing.get_context("spawn")
EVENTS = """
insert into event by name
select $first + i as event_id, ($first + i)::varchar as event_key, $queue as queue,
    'type ' || i % $deliveries as event_type, 'email' as channel, 'ann' || i || '@example.net' as email,
    '{"name": "Ann"}'::json as ctx, $now as created_at, $now as received_at, 'pending' as status,
    0 as error_count, nextval('change_seq') as change_seq
from range($events) as number(i)
"""


def run_in(home: Path) -> AccountRun:
    """An account of its own."""
    return run_on(Settings(home=home, lock_wait_seconds=600), Account(name="alpha", cell_id=3), NOW)


def put_templates(run: AccountRun) -> None:
    """One for each type of event, and so one delivery."""
    rows = [
        {
            "template_id": f"t{n}",
            "event_type": f"type {n}",
            "channel": "email",
            "priority": 0,
            "body_text": "{{ name }}",
        }
        for n in range(DELIVERIES)
    ]
    sources = TemplateSource.validate(pl.DataFrame(rows, schema=pl.Schema(TemplateSource)))
    change, journal = Change("bench", NOW), run.settings.publications
    publish_templates({run.account.name: run.store}, sources, at=NOW, change=change, journal=journal)


def put_events(run: AccountRun, first: int, events: int, queue: Queue) -> None:
    """Pending events, spread over the types."""
    values = {"first": 3 * CELL_SIZE + first, "events": events, "queue": queue, "now": NOW, "deliveries": DELIVERIES}
    with writing(run.store, purpose="preparing") as session:
        session.connection.execute(EVENTS, values)


def routed(run: AccountRun, queue: Queue, begins: Event | None = None) -> float:
    """Routes a queue; the seconds of writing."""
    routing = route(run.store, read_pending_events(run.store, queue), read_routing_templates(run.store), now=NOW)
    if begins is not None:
        begins.set()
    start = time.perf_counter()
    apply_routing(run.store, routing, account=run.account, queue=queue, now=NOW)
    return time.perf_counter() - start


def hand_over(run: AccountRun, events: int) -> list[float]:
    """Seconds of each hand-over of so many real-time events."""
    seconds = []
    for number in range(ROUNDS):
        put_events(run, 1 + number * events, events, "rt")
        routed(run, "rt")
        start = time.perf_counter()
        asyncio.run(deliver_events(run.settings, run.account, now=NOW, queue="rt"))
        seconds.append(time.perf_counter() - start)
    return seconds


def wait_beside(run: AccountRun, events: int) -> float:
    """The longest wait for the store while a batch queue of so many events is routed."""
    put_events(run, 10**9, events, "batch")
    begins, longest = PROCESSES.Event(), 0.0
    router = PROCESSES.Process(target=_route_in, args=(run.settings.home, begins))
    router.start()
    begins.wait()
    while router.is_alive():
        start = time.perf_counter()
        with lock(run.store.lock_path, exclusive=True, wait_seconds=600, purpose="looking how long it takes"):
            longest = max(longest, time.perf_counter() - start)
        time.sleep(0.02)
    return longest


def _route_in(home: Path, begins: Event) -> None:
    routed(run_in(home), "batch", begins)


def main() -> None:
    """Prints both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--routed", type=int, default=500_000)
    asked = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        run = run_in(Path(folder))
        put_templates(run)
        seconds = ", ".join(f"{one:.2f}" for one in hand_over(run, asked.events))
        console.print(f"{asked.events:,} events of {DELIVERIES} deliveries are handed over in {seconds} s")
        longest = wait_beside(run, asked.routed)
        console.print(f"while {asked.routed:,} events are routed, another process waits for {longest:.2f} s at most")


if __name__ == "__main__":
    main()
