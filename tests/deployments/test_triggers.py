"""What starts a run beside a schedule, on a real server."""

import time
from uuid import UUID

import httpx
import pytest
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.events.schemas.automations import Automation
from servers import ask

from deployments.deploy import deploy
from deployments.prune import prune_account
from deployments.triggers import WantedTrigger, automations_running
from deployments.zombies import NAME
from tasks.announce import PREFIX, account_resource

BATCH = "process-batch-events/batchEventsProcessing_north"
STARTS = {"batchEventsProcessing_north on events.landed", "batchEventsProcessing_north on templates.published"}
SECONDS = 30

pytestmark = pytest.mark.usefixtures("server", "roster")


def identifier(name: str) -> UUID:
    return ask(lambda client: client.read_deployment_by_name(name)).id


def automations(deployment: UUID) -> dict[str, Automation]:
    return {each.name: each for each in ask(lambda client: automations_running(client, deployment))}


def runs(deployment: UUID) -> int:
    wanted = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    found = ask(lambda client: client.read_flow_runs(flow_run_filter=wanted))
    return sum(not run.auto_scheduled for run in found)


def tell(server: str, news: str, account: str) -> None:
    event = {"event": f"{PREFIX}.{news}", "resource": account_resource(account), "payload": {}}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    told = [{**event, "id": f"00000000-0000-4000-8000-{time.time_ns() % 10**12:012}", "occurred": now}]
    httpx.post(f"{server}/events", json=told).raise_for_status()


def test_news_of_an_account_start_its_run_and_nobody_elses(server: str) -> None:
    deploy()
    north, south = identifier(BATCH), identifier(BATCH.replace("north", "south"))
    before = runs(north), runs(south)
    give_up = time.monotonic() + SECONDS
    # The server reads its automations a moment after they are made.
    while runs(north) == before[0] and time.monotonic() < give_up:
        tell(server, "events.landed", "north")
        time.sleep(1)
    assert runs(north) > before[0]
    assert runs(south) == before[1]


def test_deploying_again_makes_triggers_what_they_should_be_and_leaves_off_what_a_person_switched_off() -> None:
    deploy()
    batch = identifier(BATCH)
    landed, published = (automations(batch)[name] for name in sorted(STARTS))
    ask(lambda client: client.pause_automation(landed.id))
    assert {each.change for each in deploy()} == {"unchanged"}
    ask(lambda client: client.delete_automation(published.id))
    for name in ("no longer wanted", published.name):
        other = WantedTrigger(name=name, type="event", expect=["something else"]).automation(batch, enabled=True)
        ask(lambda client, other=other: client.create_automation(other))
    assert {each.deployment for each in deploy() if each.change == "updated"} == {BATCH}
    after = automations(batch)
    assert set(after) == STARTS
    assert (after[landed.name].enabled, after[published.name].enabled) == (False, True)
    assert after[published.name].trigger == published.trigger


def test_what_goes_takes_its_triggers_along() -> None:
    deploy()
    batch = identifier(BATCH)
    assert set(automations(batch)) == STARTS
    prune_account("north")
    assert automations(batch) == {}
    assert not [each for each in ask(lambda client: client.read_automations()) if each.name in STARTS]


def test_the_watch_over_silent_runs_is_there_once() -> None:
    deploy()
    deploy()
    found = [each for each in ask(lambda client: client.read_automations()) if each.name == NAME]
    assert len(found) == 1
    assert found[0].enabled
