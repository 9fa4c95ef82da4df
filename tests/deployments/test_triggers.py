"""What starts a run beside a schedule, on a real server."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import StateType
from prefect.events.schemas.automations import Automation
from prefect.states import Completed, Failed, Running, Scheduled, State
from servers import ask

from deployments import zombies
from deployments.deploy import deploy
from deployments.prune import prune_account
from deployments.triggers import WantedTrigger, automations_running
from deployments.zombies import NAME
from tasks.announce import PREFIX, account_resource
from tasks.contracts.run_limits import MANAGED

BATCH = "process-batch-events/batchEventsProcessing_north"
STARTS = {"batchEventsProcessing_north on events.landed", "batchEventsProcessing_north on templates.published"}
SECONDS = 90

pytestmark = pytest.mark.usefixtures("server", "roster")


def identifier(name: str) -> UUID:
    return ask(lambda client: client.read_deployment_by_name(name)).id


def automations(deployment: UUID) -> dict[str, Automation]:
    return {each.name: each for each in ask(lambda client: automations_running(client, deployment))}


def runs(deployment: UUID) -> int:
    wanted = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    found = ask(lambda client: client.read_flow_runs(flow_run_filter=wanted))
    return sum(not run.auto_scheduled for run in found)


def tell(server: str, event: str, resource: dict[str, str], *related: dict[str, str]) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    told = {"id": str(uuid4()), "occurred": now, "event": event, "resource": resource, "related": related}
    httpx.post(f"{server}/events", json=[told]).raise_for_status()


def test_news_of_an_account_start_its_run_and_nobody_elses(server: str) -> None:
    deploy()
    north, south = identifier(BATCH), identifier(BATCH.replace("north", "south"))
    before = runs(north), runs(south)
    give_up = time.monotonic() + SECONDS
    # The server reads its automations a moment after they are made.
    while runs(north) == before[0] and time.monotonic() < give_up:
        tell(server, f"{PREFIX}.events.landed", account_resource("north"))
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


def test_a_run_that_falls_silent_is_ended_and_one_that_has_ended_stays_as_it_ended(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy()
    for watch in ask(lambda client: client.read_automations_by_name(NAME)):
        ask(lambda client, watch=watch: client.delete_automation(watch.id))
    monkeypatch.setattr(zombies, "SILENT_FOR", timedelta(seconds=10))
    ask(zombies.ensure_zombie_watch)
    batch, other = identifier(BATCH), identifier("archive-events/mcSynch_north")
    silent, done = begun(batch, Running()), begun(other, Completed())
    tag = {"prefect.resource.id": f"prefect.tag.{MANAGED}", "prefect.resource.role": "tag"}
    began = time.monotonic()
    beats_at = began
    while state(silent) == StateType.RUNNING and time.monotonic() < began + 2 * SECONDS:
        if time.monotonic() >= beats_at:
            # One beat, and silence; once more, for the server reads its automations a moment after they are made.
            beats_at += 25
            for run in (silent, done):
                tell(server, "prefect.flow-run.heartbeat", {"prefect.resource.id": f"prefect.flow-run.{run}"}, tag)
        time.sleep(1)
    assert (state(silent), state(done)) == (StateType.CRASHED, StateType.COMPLETED)


def begun(deployment: UUID, begun_as: State[None]) -> UUID:
    later = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=1))
    run = ask(lambda client: client.create_flow_run_from_deployment(deployment, state=later)).id
    ask(lambda client: client.set_flow_run_state(run, begun_as, force=True))
    return run


def state(run: UUID) -> StateType | None:
    return ask(lambda client: client.read_flow_run(run)).state_type


def test_real_time_that_failed_starts_again_and_that_of_no_other_account() -> None:
    deploy()
    north, south = (identifier(f"process-rt-events/rtEventsProcessing_{name}") for name in ("north", "south"))
    failed, others = begun(north, Running()), runs(south)
    ask(lambda client: client.set_flow_run_state(failed, Failed(message="a test"), force=True))
    before, give_up = runs(north), time.monotonic() + SECONDS
    while runs(north) == before and time.monotonic() < give_up:
        again = begun(north, Running())  # the server reads its automations a moment after they are made
        ask(lambda client, again=again: client.set_flow_run_state(again, Failed(message="a test"), force=True))
        before += 1
        time.sleep(2)
    assert runs(north) > before
    assert runs(south) == others
