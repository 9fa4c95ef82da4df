"""Ended under load: what was answered is there, under the id that was answered; what is sent again is there once."""

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from intake_service import RunningIntake
from lives import rows_of

from tasks.take_in_files import ingest_files

CALLERS = 8
KILLS = 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_answered_event_is_lost_and_none_is_there_twice(
    serve: Callable[..., RunningIntake], number: signal.Signals
) -> None:
    answered: dict[str, str] = {}
    unanswered: list[str] = []

    def send(service: RunningIntake, caller: int, ended: threading.Event) -> None:
        number = 0
        while not ended.is_set():
            keys = [f"{service.url} {caller} {number} {n}" for n in range(5)]
            number += 1
            try:
                events = service.push(*({"id": key, "type": "order", "email": "ada@example.org"} for key in keys))
            except httpx.TransportError:
                unanswered.extend(keys)
                return
            answered.update(zip(keys, (each["event_id"] for each in events.json()["events"]), strict=True))

    for round_ in range(KILLS):
        service, ended = serve(), threading.Event()
        with ThreadPoolExecutor(CALLERS) as callers:
            for caller in range(CALLERS):
                callers.submit(send, service, caller, ended)
            time.sleep(0.7 + 0.31 * round_)
            service.process.send_signal(number)
            ended.set()
    service = serve()
    if unanswered:
        again = service.push(*({"id": key, "type": "order", "email": "ada@example.org"} for key in unanswered)).json()
        answered |= {key: each["event_id"] for key, each in zip(unanswered, again["events"], strict=True)}
    counts = ingest_files(service.run, "rt")
    stored = dict(rows_of(service.run, "select event_key, event_id::varchar from event"))
    aliases = dict(rows_of(service.run, "select event_key, event_id::varchar from duplicate_event"))
    assert len(answered) > 100
    assert counts.rejected == counts.unreadable_files == 0
    assert stored.keys() == answered.keys()
    assert {key for key in answered if answered[key] not in {stored[key], aliases.get(key)}} == set()
    assert not list(service.run.settings.inbox("alpha", "rt").glob("*.ndjson"))
