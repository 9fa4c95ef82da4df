"""The commands that deal with a Prefect server, as a person runs them."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelling
from servers import process_worker

from deployments.command_line.app import main
from deployments.prune import prune, surplus
from deployments.render import MANAGED, PREFECT_YAML
from flows.publish_templates import publish_templates
from tasks.settings import PROJECT
from tasks.store.connection import StoreFile, reading

LOGGED_AT = "2026-11-23T12:00:00Z"
FIRST = {"batch", "rt", "status", "archive"}
INVOICE = {
    "id": "invoice 1",
    "type": "invoice_ready",
    "email": "ines@example.pt",
    "language": "en",
    "ctx": {
        "customer": {"first_name": "Ines"},
        "invoice": {"number": "1", "total": "230.00", "currency": "EUR", "due": "2026-12-07"},
    },
}


def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[Any, ...]:
    """Runs a command; returns its exit code, what it printed as JSON, and what it told a person."""
    monkeypatch.setattr(sys, "argv", ["message-center", *arguments, "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    told = capsys.readouterr()
    return left.value.code, json.loads(told.out), told.err


@pytest.mark.usefixtures("home", "no_server")
def test_without_a_server_an_account_is_added_and_the_rest_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, result, told = command(monkeypatch, capsys, "accounts", "add", "alpha")
    assert (code, result["deployed"]) == (0, False)
    assert "No Prefect server is set" in told
    assert "message-center deploy" in told


@pytest.mark.usefixtures("home")
def test_with_a_dead_server_an_account_is_added_and_the_rest_is_said(
    dead_server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, result, told = command(monkeypatch, capsys, "accounts", "add", "alpha")
    assert (code, result["deployed"]) == (0, False)
    assert dead_server in told
    assert "message-center deploy" in told


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("state", ["no_server", "dead_server"])
def test_deploy_needs_a_server(
    state: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    request.getfixturevalue(state)
    code, result, _ = command(monkeypatch, capsys, "deploy")
    assert code == 1
    assert "prefect server start" in result["error"]


@pytest.mark.usefixtures("roster")
def test_deploy_tells_what_it_did(
    server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command(monkeypatch, capsys, "deploy")
    code, result, _ = command(monkeypatch, capsys, "deploy")
    assert code == 0
    assert result["server"] == server
    assert (result["created"], result["updated"]) == (0, 0)
    assert result["unchanged"] == len(result["deployments"]) > 2
    assert {"archive-events/mcSynch_north", "archive-events/mcSynch_south"} <= {
        each["deployment"] for each in result["deployments"]
    }


def test_one_command_adds_an_account_whose_deployments_bring_events_from_its_inbox_to_the_archive(
    server: str,
    prefect_home: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = PREFECT_YAML.read_bytes()
    prune(surplus([]))
    code, result, _ = command(monkeypatch, capsys, "accounts", "add", "fresh", "--label", "Fresh")
    assert (code, result["deployed"]) == (0, True)
    asyncio.run(publish_templates.fn(path=str(PROJECT / "data" / "samples" / "templates"), accounts=["fresh"]))
    (home / "inbox" / "fresh" / "batch" / "one.ndjson").write_text(json.dumps(INVOICE))
    asyncio.run(only_by_hand("fresh"))
    with process_worker(prefect_home, server):
        runs = asyncio.run(life_of_one_event(home))
    log = (prefect_home / "worker.log").read_text()[-4000:]
    ends = {run.id: "CANCELLED" if "rt" in run.tags else "COMPLETED" for run in runs}
    assert {run.id: run.state and run.state.type.value for run in runs} == ends, f"{[run.state for run in runs]}\n{log}"
    assert asyncio.run(artifact_keys(runs[-1])) >= {"archive-events-fresh", "proof-fresh", "statuses-fresh"}
    _, archived, _ = command(monkeypatch, capsys, "query", "select account, event_key, status from event")
    assert archived["rows"] == [{"account": "fresh", "event_key": "invoice 1", "status": "sent"}]
    assert PREFECT_YAML.read_bytes() == file


async def life_of_one_event(home: Path) -> list[FlowRun]:
    """The first runs of all deployments but the purge, then a status update and an archiving more.

    That of the real-time loop stays until it is cancelled.
    """
    async with get_client() as client:
        firsts = await runs_by_hand(client)
        assert {tag for run in firsts for tag in run.tags} == {"account:fresh", MANAGED, *FIRST}
        ended = [await finished(client, run.id) for run in firsts if "rt" not in run.tags]
        drop_delivery_log(home)
        for name in ("update-event-status/updateEventStatus_fresh", "archive-events/mcSynch_fresh"):
            deployment = await client.read_deployment_by_name(name)
            run = await client.create_flow_run_from_deployment(deployment.id)
            ended.append(await finished(client, run.id))
        [loop] = [run for run in firsts if "rt" in run.tags]
        assert (await client.read_flow_run(loop.id)).state_name == "Running"
        await client.set_flow_run_state(loop.id, Cancelling())
        return [await finished(client, loop.id), *ended]


def drop_delivery_log(home: Path) -> None:
    """What a provider says of every event."""
    with reading(StoreFile(home / "store" / "fresh.duckdb", "account")) as session:
        events = session.connection.sql("select event_id, email from event").fetchall()
    rows = [
        {"event_id": number, "recipient": email, "kind": "delivered", "logged_at": LOGGED_AT, "source_id": "s"}
        for number, email in events
    ]
    log = home / "inbox" / "fresh" / "delivery-logs" / "log.ndjson"
    log.write_text("\n".join(map(json.dumps, rows)))


async def only_by_hand(account: str) -> None:
    """Pauses an account's schedules, so that no run of theirs comes in between."""
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[f"account:{account}"]))
    async with get_client() as client:
        for deployment in await client.read_deployments(deployment_filter=tagged):
            await client.pause_deployment(deployment.id)


async def runs_by_hand(client: PrefectClient) -> list[FlowRun]:
    tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=["account:fresh"]))
    return [run for run in await client.read_flow_runs(flow_run_filter=tagged) if not run.auto_scheduled]


async def finished(client: PrefectClient, run_id: UUID, *, seconds: float = 120) -> FlowRun:
    """The run once it has ended, or as it is when the time is over."""
    give_up = time.monotonic() + seconds
    while True:
        run = await client.read_flow_run(run_id)
        if (run.state and run.state.is_final()) or time.monotonic() > give_up:
            return run
        await asyncio.sleep(0.3)


async def artifact_keys(run: FlowRun) -> set[str | None]:
    async with get_client() as client:
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        return {artifact.key for artifact in await client.read_artifacts(artifact_filter=of_run)}
