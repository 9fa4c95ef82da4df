"""Deploying to a real server."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound
from servers import ask, prefect_environment

from deployments.account_flows import ACCOUNT_FLOWS, ARCHIVE
from deployments.apply_one import Deployed
from deployments.deploy import apply, deploy
from deployments.render import PREFECT_YAML
from deployments.server import DeployError
from deployments.wanted import PrefectYamlError, wanted_deployments
from tasks.contracts.accounts import Account
from tasks.contracts.run_limits import MANAGED
from tasks.exchange.roster import add_account
from tasks.settings import PROJECT

FLOWS = {path.stem.replace("_", "-") for path in (PROJECT / "flows").glob("*.py")} - {"--init--", "archive-events"}
NORTH = "archive-events/mcSynch_north"

pytestmark = pytest.mark.usefixtures("server", "roster")


def read(name: str) -> DeploymentResponse:
    return ask(lambda client: client.read_deployment_by_name(name))


def change(name: str, **fields: object) -> None:
    identifier = read(name).id
    ask(lambda client: client.update_deployment(identifier, DeploymentUpdate.model_validate(fields)))


def changes(deployed: list[Deployed]) -> dict[str, str]:
    return {each.deployment: each.change for each in deployed if each.change != "unchanged"}


def names_of(account: str) -> set[str]:
    return {f"{one.flow.replace('_', '-')}/{one.deployment_name(account)}" for one in ACCOUNT_FLOWS}


def test_the_server_gets_one_deployment_per_flow_and_those_of_each_account() -> None:
    deployed = deploy()
    alone = {f"{name}/{name}" for name in FLOWS - {"check-health"}} | {"check-health/checkHealth"}
    expected = alone | names_of("north") | names_of("south")
    assert {each.deployment for each in deployed} == expected
    managed = DeploymentFilter(tags=DeploymentFilterTags(all_=[MANAGED]))
    on_server = ask(lambda client: client.read_deployments(deployment_filter=managed))
    assert {each.id for each in deployed} <= {each.id for each in on_server}


def test_an_archiving_deployment_arrives_as_it_was_written(roster: tuple[Account, ...], home: Path) -> None:
    deploy()
    found = read(NORTH)
    assert found.parameters == {"account": "north"}
    assert found.tags == [MANAGED, "archive", "account:north"]
    assert found.description == "Archives execution account north (North) to the control store."
    assert found.work_pool_name == "local"
    assert found.pull_steps == []
    assert found.job_variables["env"] == {"MESSAGE_CENTER_HOME": str(home)}
    assert found.global_concurrency_limit is not None
    assert found.global_concurrency_limit.limit == 1
    assert found.concurrency_options is not None
    assert found.concurrency_options.collision_strategy == "CANCEL_NEW"
    [schedule] = found.schedules
    assert schedule.slug == "archive"
    assert schedule.active
    assert schedule.schedule.interval == roster[0].archive_every
    assert schedule.schedule.anchor_date == ARCHIVE.first_start(roster[0])


def test_deploying_again_changes_nothing() -> None:
    deploy()
    before = read(NORTH)
    assert changes(deploy()) == {}
    assert read(NORTH) == before


def test_what_was_changed_on_the_server_is_put_right() -> None:
    deploy()
    change(NORTH, tags=["other"], parameters={"account": "south"}, concurrency_limit=None)
    assert changes(deploy()) == {NORTH: "updated"}
    assert read(NORTH).tags == [MANAGED, "archive", "account:north"]
    assert read(NORTH).parameters == {"account": "north"}
    assert read(NORTH).global_concurrency_limit is not None


def test_a_schedule_that_the_file_does_not_name_goes() -> None:
    deploy()
    change(NORTH, schedules=[{"slug": "extra", "schedule": {"cron": "0 0 * * *"}}])
    assert {schedule.slug for schedule in read(NORTH).schedules} == {"archive", "extra"}
    assert changes(deploy()) == {NORTH: "updated"}
    assert [schedule.slug for schedule in read(NORTH).schedules] == ["archive"]


def test_a_pause_that_a_person_made_stays() -> None:
    deploy()
    found = read(NORTH)
    ask(lambda client: client.pause_deployment(found.id))
    ask(lambda client: client.update_deployment_schedule(found.id, found.schedules[0].id, active=False))
    change(NORTH, tags=["other"])
    assert changes(deploy()) == {NORTH: "updated"}
    assert read(NORTH).paused
    assert not read(NORTH).schedules[0].active
    ask(lambda client: client.resume_deployment(found.id))
    ask(lambda client: client.update_deployment_schedule(found.id, found.schedules[0].id, active=True))


def test_a_new_interval_in_the_roster_moves_the_schedule_and_nothing_else(home: Path) -> None:
    deploy()
    path = home / "accounts.toml"
    path.write_text(path.read_text().replace("cell_id = 4", 'cell_id = 4\narchive_every = "PT30M"'))
    assert changes(deploy()) == {NORTH: "updated"}
    assert read(NORTH).schedules[0].schedule.interval.total_seconds() == 1_800


def test_a_new_account_adds_its_deployments_and_touches_no_other(home: Path) -> None:
    deploy()
    add_account(home / "accounts.toml", Account(name="west", cell_id=11))
    assert changes(deploy()) == dict.fromkeys(names_of("west"), "created")


def test_prefects_own_command_deploys_the_same(
    prefect_home: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MESSAGE_CENTER_HOME")
    here = {"MESSAGE_CENTER_PYTHON": sys.executable, "MESSAGE_CENTER_PROJECT": str(PROJECT)}
    names = [
        argument
        for name in ("mcSynch_retail", "cleanup_retail", "update-event-status")
        for argument in ("--name", name)
    ]
    subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", *names],
        cwd=PROJECT,
        env=prefect_environment(prefect_home, server) | here,
        check=True,
        capture_output=True,
        timeout=120,
    )
    unchanged = {each.deployment for each in deploy() if each.change == "unchanged"}
    assert {
        "archive-events/mcSynch_retail",
        "purge-events/cleanup_retail",
        "update-event-status/update-event-status",
    } <= unchanged


def test_a_pool_of_another_kind_is_refused_before_anything_is_deployed() -> None:
    ask(lambda client: client.create_work_pool(WorkPoolCreate(name="elsewhere", type="docker")))
    text = PREFECT_YAML.read_text(encoding="utf-8").replace("name: local", "name: elsewhere")
    with pytest.raises(DeployError, match="'elsewhere' is of type 'docker'"):
        asyncio.run(apply(wanted_deployments([Account(name="far", cell_id=20)], text)))
    with pytest.raises(ObjectNotFound):
        read("archive-events/mcSynch_far")


def test_an_entrypoint_that_is_no_flow_stops_it_before_anything_is_deployed() -> None:
    text = PREFECT_YAML.read_text(encoding="utf-8")
    far = [Account(name="far", cell_id=20)]
    for wrong in ("flows.demo:not_there", "flows.not_there:demo"):
        with pytest.raises(PrefectYamlError, match="Deployment 'demo'"):
            asyncio.run(apply(wanted_deployments(far, text.replace("flows.demo:demo", wrong))))
    with pytest.raises(ObjectNotFound):
        read("archive-events/mcSynch_far")


def test_what_the_server_refuses_is_named(roster: tuple[Account, ...]) -> None:
    text = PREFECT_YAML.read_text(encoding="utf-8").replace("parameters: {events: 20000", "parameters: {events: many")
    with pytest.raises(DeployError, match=r"demo/demo.*many"):
        asyncio.run(apply(wanted_deployments(roster, text)))
