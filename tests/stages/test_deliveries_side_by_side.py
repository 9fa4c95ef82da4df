"""Deliveries of one account at once: every event handed over once, none taken for the remains of a crash."""

import asyncio
import json
import multiprocessing
from collections import Counter
from pathlib import Path
from typing import Any

import slow_delivery
from deliverables import CELL, Event, put_delivery, put_events, select

from tasks.deliver_events import deliver_events
from tasks.exchange.demonstration.receiving_server import ReceivingServer
from tasks.settings import Settings
from tasks.store.connection import StoreFile

EVENTS = 50
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["prefect.tasks", "polars", "duckdb", "dataframely", "aiosmtplib", "jinja2.sandbox"])


def begun(home: Path, port: int, **options: Any) -> Any:
    """A delivery in its own process; a slow one is sending when this returns."""
    run = PROCESSES.Process(target=slow_delivery.deliver, args=(home, port), kwargs=options, daemon=True)
    run.start()
    while options.get("slow_seconds") and not (home / "sending").exists():
        run.join(0.05)
        assert run.is_alive()
    return run


def taken(server: ReceivingServer) -> Counter[int]:
    return Counter(int(json.loads(line)["event_id"]) - CELL for line in server.record.read_text().splitlines())


def test_a_delivery_waits_for_the_one_that_has_claimed_and_not_yet_sent(
    settings: Settings, store: StoreFile, tmp_path: Path
) -> None:
    put_delivery(store)
    put_events(store, [Event(number) for number in range(1, EVENTS + 1)])
    with ReceivingServer(tmp_path / "taken.ndjson") as server:
        home = settings.home
        runs = begun(home, server.port, slow_seconds=2), begun(home, server.port)
        for run in runs:
            run.join()
        assert taken(server) == Counter(range(1, EVENTS + 1))

    assert [run.exitcode for run in runs] == [0, 0]
    counts = [json.loads(path.read_text()) for path in home.glob("counts-*.json")]
    assert [sum(count[name] for count in counts) for name in ("messages", "taken", "unsure")] == [EVENTS, EVENTS, 0]
    assert select(store, "select state, count(*), sum(messages) from delivery_batch group by all") == [
        ("confirmed", 3, EVENTS)
    ]


def test_real_time_goes_while_a_batch_run_sends_and_leaves_its_remains_alone(
    settings: Settings, store: StoreFile, tmp_path: Path
) -> None:
    put_delivery(store)
    put_delivery(store, number=2, queue="rt")
    put_events(store, [Event(number) for number in range(1, 11)])
    put_events(store, [Event(number, delivery=2, queue="rt") for number in (11, 12)])
    claimed = "select batch_id, messages from delivery_batch where state = 'claimed'"
    with ReceivingServer(tmp_path / "taken.ndjson") as server:
        account = slow_delivery.account_on(server.port)

        def deliver(**options: Any) -> dict[str, int]:
            counts = asyncio.run(deliver_events(settings, account, now=slow_delivery.NOW, **options))
            return {name: count for name, count in counts.items() if count}

        slow = begun(settings.home, server.port, queue="batch", slow_seconds=600)
        ((batch_id, messages),) = select(store, claimed)
        assert deliver(queue="rt") == {"messages": 2, "taken": 2}
        assert slow.is_alive()
        slow.kill()
        slow.join()
        assert deliver(queue="rt") == {}
        assert select(store, claimed) == [(batch_id, messages)] == [(batch_id, 10)]
        assert [path.name for path in settings.outbox("alpha").iterdir()] == [f"{batch_id}.journal.ndjson"]
        assert deliver(queue="batch") == {"messages": 10, "taken": 7, "unsure": 3, "recovered_batches": 1}
        assert set(taken(server).values()) == {1}
        assert len(taken(server)) == 9
    assert select(store, claimed) == []
    assert not list(settings.outbox("alpha").iterdir())
