"""The Prefect server: whether there is one, and how it should be set."""

import asyncio

from prefect.settings import PREFECT_API_URL

HEALTH_SECONDS = 2.0

SERVER_SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P2D",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "604800",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_CONCURRENCY_INITIAL_DEPLOYMENT_LEASE_DURATION": "60",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "200",
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_TASKS_DEFAULT_NO_CACHE": "true",
    "PREFECT_TASKS_DEFAULT_PERSIST_RESULT": "false",
}
"""`[tool.prefect]` of pyproject.toml as an environment.

Prefect reads that table only where the working directory is the project's; servers and workers started from
elsewhere get this. Without the batch sizes a server on SQLite refuses writes after a hundred tasks, without leases
on disk a deployment that runs one at a time stays blocked after a power cut, without the vacuum runs stay for ever.
"""


class ServerUnreachableError(ConnectionError):
    """A Prefect server is needed, or set, but none answers."""


class DeployError(RuntimeError):
    """The server did not take what was to be deployed."""


def server_or_none() -> str | None:
    """The address of the Prefect API, once it has answered; `None` where none is set.

    Raises:
        ServerUnreachableError: An address is set, but it gives no healthy answer.
    """
    address = PREFECT_API_URL.value()
    if not address:
        return None
    if problem := asyncio.run(_problem()):
        raise ServerUnreachableError(
            f"The Prefect server at {address} does not answer ({problem}). "
            "Start it with `prefect server start`, or unset PREFECT_API_URL (`prefect config unset PREFECT_API_URL`)."
        )
    return str(address)


def server() -> str:
    """The address of the Prefect API, once it has answered.

    Raises:
        ServerUnreachableError: None is set, or it gives no healthy answer.
    """
    address = server_or_none()
    if address is None:
        raise ServerUnreachableError(
            "No Prefect server is set. Start one with `prefect server start`, "
            "and name it: export PREFECT_API_URL=http://127.0.0.1:4200/api"
        )
    return address


async def _problem() -> str | None:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        try:
            error = await asyncio.wait_for(client.api_healthcheck(), HEALTH_SECONDS)
        except TimeoutError:
            return f"no answer within {HEALTH_SECONDS:g} s"
    return f"{type(error).__name__}: {error}" if error else None
