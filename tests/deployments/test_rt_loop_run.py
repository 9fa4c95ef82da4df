"""A run of the real-time loop on a Prefect server: it leaves a few rows there, however many passes it makes."""

import asyncio
import json
import os
import subprocess
import sys
import time
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)

from flows.process_rt_events import process_rt_events
from tasks.account_run import account_run

RUN = """
import asyncio, json
from flows.process_rt_events import process_rt_events
from tasks import rt_loop

async def life():
    rt_loop.EVERY_SECONDS = 0.5
    stays = {"ingest": True, "run_seconds": 1.5, "poll_seconds": 0.02}
    state = await process_rt_events("north", **stays, return_state=True)
    return {"id": str(state.state_details.flow_run_id), "counts": await state.aresult()}

print(json.dumps(asyncio.run(life())))
"""


@pytest.mark.usefixtures("roster")
def test_it_leaves_no_task_runs_and_two_tables_that_change_in_place(server: str) -> None:
    inbox = account_run("north").settings.inbox("north", "rt")
    inbox.mkdir(parents=True)
    environment = os.environ | {"PREFECT_API_URL": server}
    with subprocess.Popen([sys.executable, "-c", RUN], env=environment, stdout=subprocess.PIPE, text=True) as process:
        number = 0
        while process.poll() is None:
            row = {"id": str(number), "type": "order", "email": "ada@example.org"}
            (inbox / f"{number}.json").write_text(json.dumps(row))
            number += 1
            time.sleep(0.3)
        assert process.stdout is not None
        told = json.loads(process.stdout.read())
    counts = told["counts"]
    tasks, tables, lines = asyncio.run(left_by(UUID(told["id"])))
    assert counts["ingest_files"] == counts["not_taken_into_account"] > 4
    assert counts["passes"] > 2
    assert tasks == []
    shown = {table.key: json.loads(table.data) for table in tables}
    assert len(tables) == 2
    assert {"count": "passes", "value": counts["passes"]} in shown["process-rt-events-north"]
    by_status = shown["statuses-north"][-1]
    assert (by_status["status"], by_status["events"]) == ("Event not taken into account", counts["ingest_files"])
    assert len(lines) < 25


async def left_by(flow_run_id: UUID) -> Any:
    async with get_client() as client:
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run_id]))
        tables = await client.read_artifacts(artifact_filter=of_run)
        logs = await client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run_id])))
        await asyncio.sleep(2)  # task runs are written down a second after they happened
        tasks = await client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])))
        return tasks, tables, logs


@pytest.mark.usefixtures("roster")
def test_a_run_that_stays_has_no_other_clock() -> None:
    with pytest.raises(ValueError, match="leave `now` empty"):
        asyncio.run(process_rt_events.fn("north", now=account_run("north").now, run_seconds=1))
