"""Taking from a real server what is no longer wanted, and nothing else."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Pending, Running, Scheduled, State
from servers import ask, prefect_environment

from deployments import prune as pruning
from deployments.command_line.app import main
from deployments.deploy import apply, deploy
from deployments.managed import managed
from deployments.wanted import wanted_deployments
from tasks.contracts.accounts import Account
from tasks.exchange.roster import remove_account
from tasks.settings import PROJECT

SOUTH = "archive-events/mcSynch_south"
FOREIGN = "archive-events/somebody-elses"


def identifier(name: str) -> UUID | None:
    try:
        return ask(lambda client: client.read_deployment_by_name(name)).id
    except ObjectNotFound:
        return None


def start_run(deployment: UUID, state: State[Any]) -> UUID:
    later = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=1))
    run = ask(lambda client: client.create_flow_run_from_deployment(deployment, state=later))
    ask(lambda client: client.set_flow_run_state(run.id, state, force=True))
    return run.id


def states(*runs: UUID) -> list[StateType | None]:
    wanted = FlowRunFilter(id=FlowRunFilterId(any_=list(runs)))
    found = {run.id: run for run in ask(lambda client: client.read_flow_runs(flow_run_filter=wanted))}
    return [found[run].state_type for run in runs]


def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[dict[str, Any], str]:
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["message-center", *arguments, "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    told = capsys.readouterr()
    assert left.value.code == 0, told.err
    return json.loads(told.out), " ".join(told.err.split())


@pytest.fixture
def foreign(server: str) -> UUID:  # noqa: ARG001
    """A deployment that lacks the tag of this project, of one of its flows."""

    async def create(client: PrefectClient) -> UUID:
        flow = await client.create_flow_from_name("archive-events")
        return await client.create_deployment(flow, "somebody-elses", tags=["account:south", "archive"])

    return ask(create)


@pytest.mark.usefixtures("server", "roster")
def test_without_prune_what_is_too_many_is_told_and_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy()
    remove_account(home / "accounts.toml", "south")
    result, told = command(monkeypatch, capsys, "deploy")
    assert SOUTH in result["surplus"]
    assert result["deleted"] == 0
    assert SOUTH in told
    assert "deploy --prune" in told
    assert identifier(SOUTH)


@pytest.mark.usefixtures("server", "roster")
def test_prune_deletes_what_is_no_longer_wanted_and_nothing_without_the_tag(
    home: Path, foreign: UUID, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = {each.deployment for each in deploy()}
    remove_account(home / "accounts.toml", "south")
    monkeypatch.setattr("tasks.server_runs.PAGE", 3)
    result, _ = command(monkeypatch, capsys, "deploy", "--prune")
    kept = {each["deployment"] for each in result["deployments"] if each["change"] != "deleted"}
    gone = {each["deployment"] for each in result["deployments"] if each["change"] == "deleted"}
    assert SOUTH in gone
    assert gone >= wanted - kept
    assert result["deleted"] == len(gone)
    assert result["surplus"] == []
    assert identifier(SOUTH) is None
    assert identifier(FOREIGN) == foreign
    assert {each.deployment for each in asyncio.run(managed())} == kept
    again, told = command(monkeypatch, capsys, "deploy", "--prune")
    assert (again["created"], again["updated"], again["deleted"], again["surplus"]) == (0, 0, 0, [])
    assert "No longer wanted" not in told


@pytest.mark.usefixtures("server", "home")
def test_runs_of_what_goes_are_cancelled_and_those_of_others_are_not(
    foreign: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "CANCEL_SECONDS", 0.1)
    entries = wanted_deployments([Account(name="gone", cell_id=21)])
    [deployed] = asyncio.run(apply(entry for entry in entries if entry.name == "mcSynch_gone"))
    later = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=1))
    runs = [start_run(deployed.id, state) for state in (later, Pending(), Running())]
    other = start_run(foreign, Running())
    [deleted] = pruning.prune_account("gone")
    assert (deleted.deployment, deleted.change) == ("archive-events/mcSynch_gone", "deleted")
    assert states(*runs) == [StateType.CANCELLED, StateType.CANCELLING, StateType.CANCELLING]
    assert states(other) == [StateType.RUNNING]


@pytest.mark.usefixtures("server", "home")
def test_what_goes_plans_no_run_while_its_last_ones_end(monkeypatch: pytest.MonkeyPatch) -> None:
    cancel_runs, paused = pruning.cancel_runs, list[bool]()

    async def watched(client: PrefectClient, wanted: FlowRunFilter, *, seconds: float) -> None:
        assert wanted.deployment_id
        paused.extend([(await client.read_deployment(each)).paused for each in wanted.deployment_id.any_ or []])
        await cancel_runs(client, wanted, seconds=seconds)

    monkeypatch.setattr(pruning, "cancel_runs", watched)
    entries = wanted_deployments([Account(name="gone", cell_id=21)])
    asyncio.run(apply(entry for entry in entries if entry.name == "mcSynch_gone"))
    pruning.prune_account("gone")
    assert paused == [True]


@pytest.mark.usefixtures("roster", "foreign")
def test_removing_an_account_takes_its_deployments_away_and_no_others(
    home: Path,
    server: str,
    prefect_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command(monkeypatch, capsys, "accounts", "add", "leaving")
    deploy()
    removed = subprocess.run(
        [sys.executable, "-m", "deployments.command_line.app", "accounts", "remove", "leaving", "--json"],
        env=prefect_environment(prefect_home, server) | {"MESSAGE_CENTER_HOME": str(home)},
        cwd=PROJECT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert "archive-events/mcSynch_leaving" in json.loads(removed.stdout)["deployments_deleted"]
    assert asyncio.run(managed("account:leaving")) == []
    assert identifier(SOUTH)
    assert identifier(FOREIGN)


@pytest.mark.usefixtures("no_server", "roster")
def test_without_a_server_removing_an_account_says_what_is_left_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command(monkeypatch, capsys, "accounts", "add", "leaving")
    result, told = command(monkeypatch, capsys, "accounts", "remove", "leaving")
    assert result["deployments_deleted"] == []
    assert "No Prefect server is set" in told
    assert "deploy --prune" in told
