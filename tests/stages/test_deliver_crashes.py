"""Deliveries cut short by a kill, and deliveries side by side: every event handed over once, none lost."""

import asyncio
import json
import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import deliver_and_die
import polars as pl
import pytest
from deliver_and_die import NOW
from deliverables import Event, put_delivery, put_events, select

from tasks.deliver_events import deliver_events
from tasks.exchange.demonstration.receiving_server import ReceivingServer
from tasks.settings import Settings
from tasks.store.connection import StoreFile

EVENTS = 50
SMTP_CONNECTIONS = 3
UNSURE = dict.fromkeys(("after an intent", "after a transfer", "after a message"), SMTP_CONNECTIONS)
COMMON = (
    "before the claim",
    "within the claim",
    "after the claim",
    "before the confirmation",
    "within the confirmation",
    "in the second batch",
)


PROCESSES = multiprocessing.get_context("forkserver")  # the imports, which take seconds, once for all of them
PROCESSES.set_forkserver_preload(["prefect.tasks", "polars", "duckdb", "dataframely", "aiosmtplib", "jinja2.sandbox"])


def delivering(settings: Settings, *arguments: str | int) -> ForkServerProcess:
    process = PROCESSES.Process(target=deliver_and_die.deliver, args=(settings.home, *arguments))
    process.start()
    return process


def killed(process: ForkServerProcess) -> bool:
    process.join()
    return process.exitcode == -signal.SIGKILL


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReceivingServer]:
    with ReceivingServer(tmp_path / "taken.ndjson") as running:
        yield running


@pytest.fixture
def waiting(store: StoreFile) -> StoreFile:
    put_delivery(store)
    put_events(store, [Event(number) for number in range(1, EVENTS + 1)])
    return store


def taken_by_server(server: ReceivingServer) -> Counter[int]:
    return Counter(int(json.loads(line)["event_id"]) for line in server.record.read_text().splitlines())


def taken_from_outbox(settings: Settings) -> Counter[int]:
    files = [manifest.with_suffix(".parquet") for manifest in settings.outbox("alpha").glob("*.json")]
    return Counter(event_id for file in files for event_id in pl.read_parquet(file)["event_id"].to_list())


@pytest.mark.parametrize("point", [*COMMON, "before the file has its name", "before the manifest has its name"])
def test_a_killed_delivery_to_the_outbox_is_resumed_without_loss_or_repetition(
    settings: Settings, waiting: StoreFile, point: str
) -> None:
    assert killed(delivering(settings, "outbox", 25, point))
    account = deliver_and_die.account("outbox", 25)
    counts = asyncio.run(deliver_events(settings, account, now=NOW))
    assert counts["recovered_batches"] == (0 if point in ("before the claim", "within the claim") else 1)
    assert set(taken_from_outbox(settings).values()) == {1}
    assert len(taken_from_outbox(settings)) == EVENTS
    assert select(waiting, "select outcome, count(*) from hand_over group by all") == [("taken", EVENTS)]
    assert select(waiting, "select kind, count(*), count(distinct log_key) from delivery_log group by all") == [
        ("queued", EVENTS, EVENTS)
    ]
    assert select(waiting, "select count(*) from event where error_count > 0 or status <> 'pending_delivery'") == [(0,)]
    assert asyncio.run(deliver_events(settings, account, now=NOW))["messages"] == 0
    assert not list(settings.outbox("alpha").glob(".*"))


@pytest.mark.parametrize("point", [*COMMON, *UNSURE])
def test_a_killed_delivery_over_smtp_is_resumed_without_loss_or_repetition(
    settings: Settings, waiting: StoreFile, server: ReceivingServer, point: str
) -> None:
    assert killed(delivering(settings, "smtp", server.port, point))
    account = deliver_and_die.account("smtp", server.port)
    asyncio.run(deliver_events(settings, account, now=NOW))
    taken = taken_by_server(server)
    assert set(taken.values()) == {1}
    outcomes = dict(select(waiting, "select event_id, outcome from hand_over"))
    assert len(outcomes) == EVENTS
    assert {event_id for event_id, outcome in outcomes.items() if outcome == "taken"} <= set(taken)
    unsure = {event_id for event_id, outcome in outcomes.items() if outcome == "unsure"}
    assert set(taken) <= set(outcomes)
    assert (1 if point in UNSURE else 0) <= len(unsure) <= UNSURE.get(point, 0)
    assert {event_id for event_id, outcome in outcomes.items() if outcome not in ("taken", "unsure")} == set()
    kinds = dict(select(waiting, "select event_id, kind from delivery_log"))
    assert kinds == {event_id: "unknown" if event_id in unsure else "accepted" for event_id in outcomes}
    assert select(waiting, "select count(*) from event where error_count > 0 or status <> 'pending_delivery'") == [(0,)]
    assert asyncio.run(deliver_events(settings, account, now=NOW))["messages"] == 0
    assert taken_by_server(server) == taken
    assert not list(settings.outbox("alpha").glob("*"))


def test_a_delivery_waits_for_the_one_that_has_claimed_and_not_yet_sent(
    settings: Settings, waiting: StoreFile, server: ReceivingServer
) -> None:
    runs = [delivering(settings, "smtp", server.port, "dawdling", 20)]
    while not (settings.home / "dawdling").exists():
        runs[0].join(0.05)
        assert runs[0].is_alive()
    runs.append(delivering(settings, "smtp", server.port, "nowhere", 20))
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    counts = [json.loads(path.read_text()) for path in settings.home.glob("counts-*.json")]
    assert [sum(count[name] for count in counts) for name in ("messages", "taken", "unsure")] == [EVENTS, EVENTS, 0]
    taken = taken_by_server(server)
    assert (len(taken), set(taken.values())) == (EVENTS, {1})
    assert select(waiting, "select state, count(*), sum(messages) from delivery_batch group by all") == [
        ("confirmed", 3, EVENTS)
    ]
