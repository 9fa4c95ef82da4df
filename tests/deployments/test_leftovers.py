"""Runs whose process is gone are ended; those that live, and those of others, are left alone."""

import os
import subprocess
import sys
from collections.abc import Callable
from uuid import UUID

import pytest
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelling, Pending, Running
from servers import ask

from deployments.deploy import deploy
from deployments.leftovers import end_leftovers

DEPLOYMENTS = {
    "status": "update-event-status/updateEventStatus_north",
    "archive": "archive-events/mcSynch_north",
    "purge": "purge-events/cleanup_north",
    "batch": "process-batch-events/batchEventsProcessing_north",
}

pytestmark = pytest.mark.usefixtures("server", "roster")


def begun(name: str, process: Callable[[UUID], int | None], *, is_running: bool = True) -> UUID:
    run = proposed(name)
    if is_running:
        ask(lambda client: client.set_flow_run_state(run, Running()))
    if number := process(run):
        ask(lambda client: client.update_flow_run(run, infrastructure_pid=str(number)))
    return run


def proposed(name: str) -> UUID:
    """A run as a worker takes it, by the rules of the server."""
    deployment = ask(lambda client: client.read_deployment_by_name(DEPLOYMENTS[name])).id
    run = ask(lambda client: client.create_flow_run_from_deployment(deployment)).id
    ask(lambda client: client.set_flow_run_state(run, Pending()))
    return run


def state(run: UUID) -> StateType | None:
    return ask(lambda client: client.read_flow_run(run)).state_type


def dead(_: UUID) -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def test_only_runs_without_a_process_are_ended_and_their_place_is_free() -> None:
    deploy()
    ask(lambda client: end_leftovers(client, "of other tests"))
    living: list[subprocess.Popen[bytes]] = []

    def alive(run: UUID) -> int:
        environment = {**os.environ, "PREFECT__FLOW_RUN_ID": str(run)}
        living.append(subprocess.Popen([sys.executable, "-c", "input()"], env=environment, stdin=subprocess.PIPE))
        return living[-1].pid

    cut_off = begun("status", dead)
    number_of_another = begun("archive", lambda _: os.getpid())
    never_started = begun("purge", lambda _: None, is_running=False)
    going_on = begun("batch", alive)
    too_many = proposed("status")
    try:
        assert state(too_many) == StateType.CANCELLED
        ended = ask(lambda client: end_leftovers(client, "gone"))
        assert len(ended) == 3
        assert [state(run) for run in (cut_off, number_of_another, never_started)] == [StateType.CRASHED] * 3
        assert state(going_on) == StateType.RUNNING
    finally:
        for process in living:
            process.kill()
            process.communicate()
    ask(lambda client: client.set_flow_run_state(going_on, Cancelling(), force=True))
    assert len(ask(lambda client: end_leftovers(client, "gone"))) == 1
    assert state(proposed("status")) == StateType.PENDING
    ask(lambda client: end_leftovers(client, "gone"))
