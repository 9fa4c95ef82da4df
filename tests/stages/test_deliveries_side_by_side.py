"""Deliveries of one account at once: every event handed over once, none taken for the remains of a crash."""

import json
import multiprocessing
from collections import Counter
from pathlib import Path

import slow_delivery
from deliverables import Event, put_delivery, put_events, select

from tasks.exchange.demonstration.receiving_server import ReceivingServer
from tasks.settings import Settings
from tasks.store.connection import StoreFile

EVENTS = 50
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["prefect.tasks", "polars", "duckdb", "dataframely", "aiosmtplib", "jinja2.sandbox"])


def test_a_delivery_waits_for_the_one_that_has_claimed_and_not_yet_sent(
    settings: Settings, store: StoreFile, tmp_path: Path
) -> None:
    put_delivery(store)
    put_events(store, [Event(number) for number in range(1, EVENTS + 1)])
    with ReceivingServer(tmp_path / "taken.ndjson") as server:
        home = settings.home
        slow, quick = (
            PROCESSES.Process(target=slow_delivery.deliver, args=(home, server.port), kwargs={"slowly": slowly})
            for slowly in (True, False)
        )
        slow.start()
        while not (home / "claimed").exists():
            slow.join(0.05)
            assert slow.is_alive()
        quick.start()
        for run in (slow, quick):
            run.join()
        taken = Counter(json.loads(line)["event_id"] for line in server.record.read_text().splitlines())

    assert [slow.exitcode, quick.exitcode] == [0, 0]
    counts = [json.loads(path.read_text()) for path in home.glob("counts-*.json")]
    assert [sum(count[name] for count in counts) for name in ("messages", "taken", "unsure")] == [EVENTS, EVENTS, 0]
    assert (len(taken), set(taken.values())) == (EVENTS, {1})
    assert select(store, "select state, count(*), sum(messages) from delivery_batch group by all") == [
        ("confirmed", 3, EVENTS)
    ]
