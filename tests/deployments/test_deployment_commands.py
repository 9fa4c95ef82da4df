"""The commands that deal with a Prefect server, as a person runs them."""

import json
import sys
from typing import Any

import pytest
from servers import ask

from deployments.command_line.app import main
from deployments.render import PREFECT_YAML
from deployments.runs import UNDER_WAY, UNFINISHED, runs_of_project
from tasks.contracts.run_limits import MANAGED
from tasks.server_runs import find_runs

FIRST = {"batch", "rt", "status", "archive"}


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


@pytest.mark.usefixtures("home", "server")
def test_adding_an_account_starts_all_of_its_deployments_but_the_cleanup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = PREFECT_YAML.read_bytes()
    code, result, _ = command(monkeypatch, capsys, "accounts", "add", "fresh", "--label", "Fresh")
    assert (code, result["deployed"]) == (0, True)
    states = (*UNFINISHED, *UNDER_WAY)
    runs = ask(lambda client: find_runs(client, runs_of_project("account:fresh", states=states)))
    started = [run for run in runs if not run.auto_scheduled]
    assert sorted(tag for run in started for tag in run.tags if tag in FIRST) == sorted(FIRST)
    assert {tag for run in started for tag in run.tags} == {"account:fresh", MANAGED, *FIRST}
    assert PREFECT_YAML.read_bytes() == file
