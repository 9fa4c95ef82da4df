"""A paused account rests, whatever its schedules and its runs say; the others go on."""

import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prefect.client.schemas.objects import StateType
from prefect.states import Running, Scheduled
from servers import ask

from deployments import pausing
from deployments.command_line.app import main
from deployments.deploy import deploy
from deployments.runs import UNFINISHED, runs_of_deployments
from tasks.server_runs import find_runs

RT = "process-rt-events/rtEventsProcessing_north"


def running(deployment: str) -> UUID:
    identifier = ask(lambda client: client.read_deployment_by_name(deployment)).id
    later = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=1))
    run = ask(lambda client: client.create_flow_run_from_deployment(identifier, state=later)).id
    ask(lambda client: client.set_flow_run_state(run, Running(), force=True))
    return run


def planned(deployment: UUID) -> list[UUID]:
    """Runs that no schedule asked for."""
    found = ask(lambda client: find_runs(client, runs_of_deployments([deployment], UNFINISHED)))
    return [run.id for run in found if not run.auto_scheduled]


def state(run: UUID) -> StateType | None:
    return ask(lambda client: client.read_flow_run(run)).state_type


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["message-center", *arguments, "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code


@pytest.mark.usefixtures("server", "roster")
def test_pausing_an_account_ends_its_runs_and_resuming_starts_its_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pausing, "CANCEL_SECONDS", 0.1)
    names = [each.deployment for each in deploy()]
    mine, others = running(RT), running(RT.replace("north", "south"))
    assert command(monkeypatch, "accounts", "pause", "north") == 0
    paused = [name for name in names if ask(lambda client, name=name: client.read_deployment_by_name(name)).paused]
    assert paused == [name for name in names if name.endswith("_north")] != []
    assert (state(mine), state(others)) == (StateType.CANCELLING, StateType.RUNNING)
    assert {each.change for each in deploy()} == {"unchanged"}
    assert command(monkeypatch, "accounts", "resume", "north") == 0
    deployment = ask(lambda client: client.read_deployment_by_name(RT))
    assert not deployment.paused
    assert len(planned(deployment.id)) == 1
    others_deployment = ask(lambda client: client.read_deployment_by_name(RT.replace("north", "south")))
    assert planned(others_deployment.id) == [others]


@pytest.mark.usefixtures("server", "roster")
def test_an_account_that_is_not_there_cannot_be_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert command(monkeypatch, "accounts", "pause", "nobody") == 2
