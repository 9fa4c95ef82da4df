"""The real-time loop on a real store: what it handles, when it ends, and who goes on."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import templates
from lives import ingest, publish, rows_of

from tasks import rt_loop
from tasks.account_run import AccountRun, account_run
from tasks.contracts.accounts import Account
from tasks.exchange.roster import add_account
from tasks.process_events import ProcessCounts, process_once, process_queue
from tasks.rt_loop import process_in_real_time
from tasks.settings import Settings
from tasks.stop_signal import held_back
from tasks.store.lock import lock
from tasks.store.turns import LineFullError, in_line

TEMPLATES = [{"template_id": kind, "version": 1, "event_type": kind} for kind in ("order", "reset")]
PUBLISHED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AccountRun:
    return at_home(tmp_path / "home", monkeypatch)


def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> AccountRun:
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(home))
    monkeypatch.setenv("MESSAGE_CENTER_LOCK_WAIT_SECONDS", "5")
    add_account(Settings().roster_path, Account(name="alpha", cell_id=3))
    made = account_run("alpha")
    publish(made, TEMPLATES, at=PUBLISHED)
    made.settings.inbox("alpha", "rt").mkdir(parents=True)
    return made


def drop(run: AccountRun, *keys: str, kind: str = "order", **fields: object) -> None:
    for key in keys:
        path = run.settings.inbox("alpha", "rt") / f"{key}.json"
        path.write_text(json.dumps({"id": key, "type": kind, "email": "ada@example.org"} | fields))


def handed_over(run: AccountRun) -> list[str]:
    """Keys of the events in the outbox, each as often as it is there."""
    manifests = run.settings.outbox("alpha").glob("*.json")
    return sorted(key for path in manifests for key in json.loads(path.read_text())["events"].values())


async def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.02)


def stays(run: AccountRun, *, seconds: float = 600) -> Awaitable[ProcessCounts]:
    return process_in_real_time(run, deliver=True, ingest=True, run_seconds=seconds, poll_seconds=0.02)


def beside_a_loop(run: AccountRun, life: Callable[[], Awaitable[None]]) -> ProcessCounts:
    """The counts of a loop during whose run something happens, and that a follower ends."""

    async def both() -> ProcessCounts:
        loop = asyncio.ensure_future(stays(run))
        try:
            await life()
        finally:
            with in_line(run.store.path.with_suffix(".rt.lock"), purpose="following"):
                counts = await loop
        return counts

    return asyncio.run(both())


def test_it_handles_what_arrives_what_falls_due_and_what_a_template_held_up(run: AccountRun) -> None:
    templates.pause(run.store, "reset", paused=True)

    async def life() -> None:
        later = datetime.now(UTC) + timedelta(seconds=2)
        drop(run, "now")
        drop(run, "held", kind="reset")
        drop(run, "later", scheduled=later.isoformat())
        await until(lambda: handed_over(run) == ["now"])
        await until(lambda: handed_over(run) == ["later", "now"])
        assert datetime.now(UTC) >= later
        templates.pause(run.store, "reset", paused=False)
        await until(lambda: len(handed_over(run)) == 3)

    counts = beside_a_loop(run, life)
    assert (counts["ingest_accepted"], counts["pending_delivery"], counts["delivery_taken"]) == (3, 3, 3)
    assert counts["passes"] < 12  # and none while nothing was due
    assert rows_of(run, "select count(*) from event where status = 'pending_delivery'") == [(3,)]


def test_what_was_taken_in_past_the_loop_is_found_in_the_store(run: AccountRun, tmp_path: Path) -> None:
    async def life() -> None:
        drop(run, "first")
        await until(lambda: handed_over(run) == ["first"])
        ingest(run, [{"id": "beside", "type": "order", "email": "ada@example.org"}], tmp_path, queue="rt")
        await until(lambda: handed_over(run) == ["beside", "first"])

    beside_a_loop(run, life)


def test_it_leaves_what_one_pass_would_have_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dropped(run: AccountRun) -> list[Callable[[], None]]:
        return [
            lambda: drop(run, "a", "b", "bad", kind="order"),
            lambda: drop(run, "c", kind="nobody"),
            lambda: drop(run, "old", expiration="2026-01-01T00:00:00Z"),
            lambda: (run.settings.inbox("alpha", "rt") / "z.json").write_text('{"id": "a", "type": "order"}') and None,
        ]

    at_once = at_home(tmp_path / "one", monkeypatch)
    for one in dropped(at_once):
        one()
    asyncio.run(process_queue(at_once, "rt", deliver=True, ingest=True))
    looped = at_home(tmp_path / "other", monkeypatch)

    async def life() -> None:
        for one in dropped(looped):
            one()
            await asyncio.sleep(0.1)
        await until(lambda: rows_of(looped, "select count(*) from ingested_file") == [(6,)])
        await until(lambda: len(handed_over(looped)) == 3)

    beside_a_loop(looped, life)
    told = "select event_key, status, reason, template_id, source_file from event order by event_key"
    assert rows_of(looped, told) == rows_of(at_once, told)
    rejected = "select source_file, line, reason from rejected_event"
    assert rows_of(looped, rejected) == rows_of(at_once, rejected) != []
    assert handed_over(looped) == handed_over(at_once) == ["a", "b", "bad"]


def test_a_busy_store_is_tried_again_and_the_fault_is_counted(run: AccountRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rt_loop, "BUSY_SECONDS", 0.1)

    async def life() -> None:
        drop(run, "first")
        await until(lambda: handed_over(run) == ["first"])
        with lock(run.store.lock_path, exclusive=True, wait_seconds=5, purpose="keeping the loop out"):
            drop(run, "second")
            await asyncio.sleep(0.4)
        await until(lambda: handed_over(run) == ["first", "second"])

    assert beside_a_loop(run, life)["faults"] >= 1


def test_a_hand_over_that_failed_is_made_again_though_nothing_new_arrives(
    run: AccountRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rt_loop, "BUSY_SECONDS", 0.1)

    async def life() -> None:
        with lock(run.store.path.with_suffix(".rt.deliver.lock"), exclusive=True, wait_seconds=5, purpose="in the way"):
            drop(run, "only")
            await until(lambda: rows_of(run, "select count(*) from event where delivery_id > 0") == [(1,)])
            await asyncio.sleep(2.5)  # a look at the store finds it due once, and no more
        await until(lambda: handed_over(run) == ["only"], seconds=20)

    assert beside_a_loop(run, life)["faults"] >= 1


@pytest.mark.parametrize("deliver", [True, False])
def test_a_step_is_told_of_once_it_was_taken(run: AccountRun, *, deliver: bool) -> None:
    drop(run, "first")
    reached: list[str] = []
    files = [run.settings.inbox("alpha", "rt") / "first.json"]
    asyncio.run(process_once(run, "rt", deliver=deliver, files=files, reached=reached.append))
    assert reached == ["ingested", "routed", "handed over"][: 3 if deliver else 2]


def test_it_ends_where_nobody_follows_or_the_account_is_gone(
    run: AccountRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    asyncio.run(stays(run, seconds=0.2))  # type: ignore[arg-type]  # a coroutine
    assert "nobody came to follow it" in caplog.text
    monkeypatch.setattr(rt_loop, "REFRESH_SECONDS", 0.1)
    run.settings.roster_path.write_text("")
    asyncio.run(stays(run))  # type: ignore[arg-type]  # a coroutine
    assert "no longer in the roster" in caplog.text


PROCESS = """
import asyncio, sys
from tasks.account_run import account_run
from tasks.rt_loop import process_in_real_time
print("ready", flush=True)
sys.stdin.readline()
asyncio.run(process_in_real_time(account_run("alpha"), deliver=True, ingest=True, run_seconds=600, poll_seconds=0.02))
"""


def start() -> "subprocess.Popen[str]":
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", PROCESS], text=True, **pipes)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_one_run_works_the_next_waits_a_third_ends_and_nothing_is_lost_or_done_twice(run: AccountRun) -> None:
    line = run.store.path.with_suffix(".rt.lock")

    async def life() -> None:
        first, second = start(), start()
        go(first)
        drop(run, "a")
        await until(lambda: handed_over(run) == ["a"])
        with lock(run.store.lock_path, exclusive=True, wait_seconds=5, purpose="keeping a pass going"):
            drop(run, "b")
            await asyncio.sleep(0.5)
            go(second)
            await until(lambda: is_waited_for(line))
            assert await stays(run) == {}  # type: ignore[comparison-overlap]
        assert first.wait(60) == 0
        first.communicate()
        drop(run, "c")
        await until(lambda: handed_over(run) == ["a", "b", "c"])
        drop(run, *(f"d{number}" for number in range(20)))
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == 0
        second.communicate()

    asyncio.run(life())
    assert rows_of(run, "select count(*) from delivery_batch where state = 'claimed'") == [(0,)]
    asyncio.run(process_queue(replace(run, now=datetime.now(UTC)), "rt", deliver=True, ingest=True))
    assert handed_over(run) == sorted(["a", "b", "c", *(f"d{number}" for number in range(20))])


def is_waited_for(line: Path) -> bool:
    try:
        with in_line(line, purpose="looking"):
            return False
    except LineFullError:
        return True


def test_a_request_to_stop_does_not_cut_off_what_is_at_hand() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with held_back() as stop:
            os.kill(os.getpid(), signal.SIGTERM)
            assert (stop.is_set, heard) == (True, [])
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_line_holds_one_at_work_and_one_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.rt.lock"
    with in_line(path, purpose="working") as first:
        assert first.is_first()
        assert not first.is_followed()
        with in_line(path, purpose="following") as second:
            assert not second.is_first()
            assert first.is_followed()
            holder = f"process {os.getpid()} has held it for working"
            with pytest.raises(LineFullError, match=holder), in_line(path, purpose="third"):
                pass
            first.leave()
            assert second.is_first()
            assert not second.is_followed()
