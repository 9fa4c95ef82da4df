"""What an operator sees and hears of a run that fails, is held up, or must not begin."""

import asyncio
import base64
import json
import logging
import os
import threading
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from mail_servers import scripted
from operated.conftest import Hook
from operated.recorded_runs import read, recorded, run_and_read
from prefect import Flow, flow
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow_async

from flows.process_rt_events import process_rt_events
from flows.update_event_status import update_event_status
from tasks import route_events
from tasks import update_event_status as status_stages
from tasks.advice import KNOWN
from tasks.contracts.accounts import Account
from tasks.contracts.run_limits import RUN_LIMITS
from tasks.deliver_events import expire_events, hand_over_round
from tasks.operated import operated
from tasks.route_events import apply_routing
from tasks.settings import PROJECT, Settings
from tasks.settle_batches import recover_batches
from tasks.stage import stage
from tasks.store.connection import StoreFile
from tasks.store.lock import StoreBusyError, lock
from tasks.store.store_errors import StoreUnreadableError

# Prefect leaves the connections of its tasks' clients to the garbage collector.
pytestmark = pytest.mark.usefixtures("server")

FLOWS = sorted(path.stem for path in (PROJECT / "flows").glob("[a-z]*.py"))
NOW = "2026-11-25T22:05:00+00:00"


def damage(settings: Settings, account: Account) -> Path:
    path = settings.account_store(account.name)
    os.truncate(path, path.stat().st_size - 300_000)
    return path


@pytest.fixture
def two_quick_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in (status_stages.read_open_logs, route_events.read_pending_events):
        monkeypatch.setattr(one.as_task, "retry_delay_seconds", [0.0, 0.0])


def test_a_damaged_store_is_told_once_with_what_to_do(
    server: str, settings: Settings, account: Account, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = settings.account_store(account.name).read_bytes()
    path = damage(settings, account)
    monkeypatch.setenv("MESSAGE_CENTER_ALERT_MAIL_TO", "ops@example.org")

    async def fail_twice() -> tuple[Any, Any, list[bytes]]:
        async with scripted() as mail:
            monkeypatch.setenv("MESSAGE_CENTER_ALERT_SMTP_PORT", str(mail.port))
            runs = [await run_and_read(update_event_status, account=account.name, now=NOW) for _ in range(2)]
        return *runs, mail.contents

    first, second, mails = asyncio.run(fail_twice())
    line = first.errors[0]
    assert line.startswith("update-event-status of account alpha failed: ")
    assert str(path) in line
    assert "What to do: `message-center doctor`, then `restore`." in line
    assert (first.state.type.value, first.state.name, first.state.message) == ("FAILED", "Failed", line)
    assert second.state.message == line
    assert first.run.name == "alpha 2026-11-25 22:05Z"
    page = first.artifacts["failure-update-event-status-alpha"].data
    assert line in page
    assert f"/runs/flow-run/{first.run.id})" in page
    assert "message-center doctor --account alpha" in page
    [posted] = hook.posted
    assert posted == {
        "kind": "failed-run",
        "account": "alpha",
        "severity": "alert",
        "text": line,
        "what_to_do": "`message-center doctor`, then `restore`",
        "run_url": f"{server.removesuffix('/api')}/runs/flow-run/{first.run.id}",
        "at": posted["at"],
    }
    [mail] = mails
    assert b"To: ops@example.org" in mail
    assert b"What to do: `message-center doctor`, then `restore`" in mail
    path.write_bytes(good)
    monkeypatch.delenv("MESSAGE_CENTER_ALERT_MAIL_TO")
    mended = recorded(update_event_status, account=account.name)
    assert mended.state.is_completed()
    [over] = hook.posted[1:]
    assert over["severity"] == "ended"
    assert over["run_url"].endswith(str(mended.run.id))
    assert json.loads((settings.home / "alerts.json").read_text()) == {"raised": {}}


def test_who_cannot_be_reached_costs_a_warning_that_tells_no_secret(
    settings: Settings, account: Account, hook: Hook
) -> None:
    damage(settings, account)
    hook.answer = 500
    run = recorded(update_event_status, account=account.name)
    assert run.state.message == run.errors[0]
    told = [one for one in run.warnings if "not delivered" in one]
    assert told == ["An alert was not delivered, by webhook: it answered 500"]
    assert "s3cret" not in " ".join([*run.errors, *run.warnings])
    hook.answer = 204
    for _ in range(2):
        with pytest.raises(StoreUnreadableError):
            asyncio.run(update_event_status(account.name))
    assert len(hook.posted) == 2


@pytest.mark.usefixtures("two_quick_tries")
def test_a_busy_store_is_waited_for_and_then_the_run_goes_on(settings: Settings, account: Account, hook: Hook) -> None:
    store = StoreFile(settings.account_store(account.name), "account")
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with lock(store.lock_path, exclusive=True, wait_seconds=5, purpose="a test"):
            held.set()
            go.wait(60)

    class LetsGo(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "Try 1 of 3" in record.getMessage():
                go.set()
                holding.join()

    holding = threading.Thread(target=hold)
    holding.start()
    held.wait(10)
    handler = LetsGo()
    logging.getLogger("prefect.task_runs").addHandler(handler)
    try:
        run = recorded(update_event_status, account=account.name)
    finally:
        logging.getLogger("prefect.task_runs").removeHandler(handler)
        go.set()
        holding.join()
    assert run.state.is_completed()
    assert run.errors == []
    assert any("Try 1 of 3: alpha was not free" in one for one in run.warnings)
    assert hook.posted == []


@pytest.mark.usefixtures("two_quick_tries")
def test_a_store_that_stays_busy_is_told_after_the_last_try(settings: Settings, account: Account, hook: Hook) -> None:
    store = StoreFile(settings.account_store(account.name), "account")
    with lock(store.lock_path, exclusive=True, wait_seconds=5, purpose="a test"):
        run = recorded(update_event_status, account=account.name)
    assert "What to do: wait, or stop that process" in run.errors[0]
    assert len([one for one in run.warnings if one.startswith("Try ")]) == 2
    assert [one["text"] for one in hook.posted] == [run.errors[0]]


TRIES: list[str] = []


@stage
def reads() -> None:
    TRIES.append("reads")
    raise OSError(5, os.strerror(5), "/disk")


@stage(once=True)
def hands_over() -> None:
    TRIES.append("hands over")
    raise StoreBusyError("busy")


@pytest.mark.usefixtures("settings")
def test_nothing_is_tried_again_where_that_does_not_help_or_is_not_safe() -> None:
    TRIES.clear()

    @flow
    async def tries() -> None:
        for one in (reads, hands_over):
            with pytest.raises(OSError, match=r"disk|busy"):
                one()

    asyncio.run(tries())
    assert TRIES == ["reads", "hands over"]
    many_transactions = (hand_over_round, expire_events, recover_batches, apply_routing)
    assert {one.as_task.retries for one in many_transactions} == {0}  # type: ignore[attr-defined]


@pytest.mark.parametrize("stem", FLOWS)
def test_every_flow_is_limited_in_time(stem: str) -> None:
    found = getattr(import_module(f"flows.{stem}"), stem)
    assert isinstance(found, Flow)
    limit = RUN_LIMITS[stem.replace("_", "-")].total_seconds()
    assert found.timeout_seconds == limit + 60
    assert (found.persist_result, found.retries) == (False, 0)


@pytest.mark.usefixtures("settings")
def test_a_run_over_its_limit_says_so_even_where_its_stage_is_stuck(
    monkeypatch: pytest.MonkeyPatch, hook: Hook
) -> None:
    monkeypatch.setitem(RUN_LIMITS, "stuck", RUN_LIMITS["demo"] * 0)
    monkeypatch.setattr("tasks.operated.LAST_RESORT", RUN_LIMITS["demo"])

    @stage
    def waits_for_ever() -> None:
        threading.Event().wait()

    @operated("stuck")
    async def stuck() -> None:
        waits_for_ever()

    run = recorded(stuck)
    assert run.state.name == "TimedOut"
    assert run.errors[0].startswith("stuck failed: it was not done after 0 s, the limit of flow stuck. What to do: ")
    assert [one["text"] for one in hook.posted] == [run.errors[0]]


@pytest.mark.usefixtures("settings")
def test_a_run_that_is_cancelled_alerts_nobody(hook: Hook) -> None:
    @operated("demo", run_name="cancelled")
    async def cancelled() -> None:
        await asyncio.sleep(60)

    async def cancel() -> None:
        going = asyncio.create_task(cancelled())
        await asyncio.sleep(0.5)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)

    asyncio.run(cancel())
    assert hook.posted == []


async def begun_by(deployment_id: UUID, server: str, **headers: str) -> Any:
    """A run as the server makes it, for an automation where the headers of its action say so."""
    answer = httpx.post(f"{server}/deployments/{deployment_id}/create_flow_run", json={}, headers=headers)
    answer.raise_for_status()
    async with get_client() as client:
        run = await client.read_flow_run(UUID(answer.json()["id"]))
    return await run_flow_async(process_rt_events, flow_run=run, parameters=run.parameters, return_type="state")


@pytest.mark.usefixtures("settings")
def test_an_automations_run_of_a_paused_deployment_is_cancelled_before_it_does_anything(
    server: str, account: Account
) -> None:
    automation = {"Prefect-Automation-Id": str(uuid4()), "Prefect-Automation-Name": base64.b64encode(b"on rt").decode()}

    async def runs() -> list[tuple[str | None, str, int]]:
        async with get_client() as client:
            flow_id = await client.create_flow(process_rt_events)
            of = {"flow_id": flow_id, "name": "rt_alpha", "parameters": {"account": account.name}}
            deployment = await client.create_deployment(**of, paused=True)
            seen = [await read(await begun_by(deployment, server, **automation))]
            seen.append(await read(await begun_by(deployment, server)))
            await client.resume_deployment(deployment)
            seen.append(await read(await begun_by(deployment, server, **automation)))
        return [(one.state.message, one.state.type.value, len(one.artifacts)) for one in seen]

    [by_automation, by_hand, resumed] = asyncio.run(runs())
    assert by_automation[0].startswith("paused")
    assert by_automation[1:] == ("CANCELLED", 0)
    assert by_hand[1] == resumed[1] == "COMPLETED"


def test_the_documentation_says_of_each_known_error_what_the_run_says() -> None:
    text = " ".join((PROJECT / "docs" / "operators.md").read_text(encoding="utf-8").split())
    missing = [one.name for one in KNOWN if f"| {one.means} | {one.do} |" not in text]
    assert missing == []
