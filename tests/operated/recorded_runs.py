"""What the server holds of a run: its state, its log, its artifacts, its tasks."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from prefect import Flow, State
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import Artifact, FlowRun
from prefect.client.schemas.sorting import LogSort
from prefect.logging.handlers import APILogHandler


@dataclass(frozen=True)
class Recorded:
    """A run that is over."""

    run: FlowRun
    state: State[Any]
    errors: list[str]
    """Its log at ERROR and above, in order."""
    warnings: list[str]
    artifacts: dict[str, Artifact]


def recorded(flow: Flow[..., Coroutine[Any, Any, Any]], **parameters: object) -> Recorded:
    """Runs a flow in this process, recorded by the server that is set."""
    return asyncio.run(run_and_read(flow, **parameters))


async def run_and_read(flow: Flow[..., Coroutine[Any, Any, Any]], **parameters: object) -> Recorded:
    state = await flow(**parameters, return_state=True)
    await APILogHandler.aflush()
    return await read(state)


async def read(state: State[Any]) -> Recorded:
    run_id = state.state_details.flow_run_id
    assert run_id is not None
    async with get_client() as client:
        run = await client.read_flow_run(run_id)
        of_run = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
        logs = await client.read_logs(of_run, limit=200, sort=LogSort.TIMESTAMP_ASC)
        left = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        artifacts = await client.read_artifacts(artifact_filter=left)
    return Recorded(
        run,
        run.state,
        [log.message for log in logs if log.level >= 40],
        [log.message for log in logs if log.level == 30],
        {artifact.key: artifact for artifact in artifacts},
    )
