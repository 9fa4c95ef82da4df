"""A Prefect server and a worker for a benchmark, and the deployments of one account on them."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.deploy import apply
from deployments.wanted import WantedDeployment, WantedSchedule, wanted_deployments
from tasks.contracts.accounts import Account
from tests.servers import prefect_server, process_worker

COUNTED = ("flow_run", "task_run", "log", "events", "artifact")


@dataclass(frozen=True)
class Machine:
    """What runs."""

    prefect_home: Path
    deployments: dict[str, Any]

    def start(self, prefix: str) -> None:
        """Starts a run of a deployment."""
        asyncio.run(_start(self.deployments[prefix]))

    def rows(self) -> dict[str, int]:
        """As many rows as the server's database holds."""
        with sqlite3.connect(f"file:{self.prefect_home / 'prefect.db'}?mode=ro", uri=True, timeout=30) as database:
            counted = {table: database.execute(f"select count(*) from {table}").fetchone() for table in COUNTED}  # noqa: S608
        return {table: int(count) for table, (count,) in counted.items()}


@contextmanager
def running(home: Path, account: Account, *, run_seconds: int, **environment: str) -> Iterator[Machine]:
    """A server and a worker, with the account's deployments; the loop's run hands over after so many seconds."""
    prefect_home = home / "prefect"
    with prefect_server(prefect_home) as url, temporary_settings({PREFECT_API_URL: url}):
        wanted = list(_wanted(account, run_seconds))
        deployed = asyncio.run(apply(wanted))
        ids = {each.deployment.partition("/")[2].partition("_")[0]: each.id for each in deployed}
        with process_worker(prefect_home, url, **environment):
            yield Machine(prefect_home, ids)


def _wanted(account: Account, run_seconds: int) -> Iterator[WantedDeployment]:
    begin = datetime.now(UTC) + timedelta(seconds=run_seconds)
    for each in wanted_deployments([account]):
        if each.name == f"batchEventsProcessing_{account.name}":
            yield each.model_copy(update={"schedules": []})
        if each.name == f"rtEventsProcessing_{account.name}":
            schedule = WantedSchedule(slug="rt", interval=timedelta(seconds=run_seconds), anchor_date=begin)
            parameters = each.parameters | {"run_seconds": run_seconds}
            yield each.model_copy(update={"schedules": [schedule], "parameters": parameters})


async def _start(deployment: Any) -> None:
    async with get_client() as client:
        await client.create_flow_run_from_deployment(deployment)
