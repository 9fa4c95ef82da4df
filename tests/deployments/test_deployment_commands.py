"""The commands that deal with a Prefect server, as a person runs them."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from servers import process_worker

from deployments.command_line.app import main
from deployments.render import PREFECT_YAML


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


def test_one_command_adds_an_account_whose_archiving_a_worker_runs_at_once(
    home: Path,
    server: str,
    prefect_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = PREFECT_YAML.read_bytes()
    code, result, _ = command(monkeypatch, capsys, "accounts", "add", "fresh", "--label", "Fresh")
    assert (code, result["deployed"]) == (0, True)
    with process_worker(prefect_home, server):
        run = asyncio.run(finished_run("account:fresh", seconds=90))
    assert run.state is not None
    assert run.state.is_completed(), f"{run.state}\n{(prefect_home / 'worker.log').read_text()[-4000:]}"
    assert asyncio.run(artifact_keys(run)) >= {"archive-events-fresh", "proof-fresh", "statuses-fresh"}
    assert (home / "published" / "control.duckdb").exists()
    assert PREFECT_YAML.read_bytes() == file


async def finished_run(tag: str, *, seconds: float) -> FlowRun:
    """The run with this tag that was asked for by hand, once it has ended."""
    tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[tag]))
    give_up = time.monotonic() + seconds
    async with get_client() as client:
        while True:
            runs = [run for run in await client.read_flow_runs(flow_run_filter=tagged) if not run.auto_scheduled]
            [run] = runs
            if (run.state and run.state.is_final()) or time.monotonic() > give_up:
                return run
            await asyncio.sleep(0.3)


async def artifact_keys(run: FlowRun) -> set[str | None]:
    async with get_client() as client:
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        return {artifact.key for artifact in await client.read_artifacts(artifact_filter=of_run)}
