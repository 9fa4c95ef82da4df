"""Runs whose process is gone are ended; those that live, and those of others, are left alone."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelling, Pending, Running, Scheduled, State
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


def begun(name: str, state: State[Any], process: Callable[[UUID], int | None]) -> UUID:
    deployment = ask(lambda client: client.read_deployment_by_name(DEPLOYMENTS[name])).id
    later = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=1))
    run = ask(lambda client: client.create_flow_run_from_deployment(deployment, state=later)).id
    ask(lambda client: client.set_flow_run_state(run, state, force=True))
    if number := process(run):
        ask(lambda client: client.update_flow_run(run, infrastructure_pid=str(number)))
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

    cut_off = begun("status", Running(), dead)
    number_of_another = begun("archive", Running(), lambda _: os.getpid())
    never_started = begun("purge", Pending(), lambda _: None)
    going_on = begun("batch", Running(), alive)
    try:
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
    again = begun("status", Pending(), lambda _: None)
    assert state(again) == StateType.PENDING
    ask(lambda client: end_leftovers(client, "gone"))
