"""Takes from a Prefect server the deployments that this project made and no longer wants.

What does not carry the project's tag is somebody else's, and is never looked at.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from deployments.apply_one import Deployed
from deployments.managed import Managed, managed
from deployments.render import account_tag
from deployments.runs import cancel_runs, runs_of_deployments
from deployments.server import DeployError
from deployments.triggers import automations_running

CANCEL_SECONDS = 30.0
"""How long runs have to end before their deployment goes; a worker finds their processes by the deployment."""


def surplus(wanted: Iterable[UUID]) -> list[Managed]:
    """What this project made on the server beyond these deployments, by name."""
    return asyncio.run(managed(without=frozenset(wanted)))


def prune(spare: Sequence[Managed]) -> list[Deployed]:
    """Cancels the runs of these deployments, waits a moment until they have ended, and deletes the deployments.

    Raises:
        DeployError: The server refused something; what came before it is gone.
    """
    return asyncio.run(_prune(spare))


def prune_account(account: str) -> list[Deployed]:
    """The same for all that this project deployed for an account.

    Raises:
        DeployError: The server refused something.
    """
    return prune(asyncio.run(managed(account_tag(account))))


async def _prune(spare: Sequence[Managed]) -> list[Deployed]:
    async with get_client() as client:
        try:
            for each in spare:
                for automation in await automations_running(client, each.id):
                    await client.delete_automation(automation.id)
                with suppress(ObjectNotFound):
                    await client.pause_deployment(each.id)
            if spare:
                wanted = runs_of_deployments([each.id for each in spare])
                await cancel_runs(client, wanted, seconds=CANCEL_SECONDS)
            for each in spare:
                with suppress(ObjectNotFound):
                    await client.delete_deployment(each.id)
        except PrefectHTTPStatusError as error:
            raise DeployError(f"The server refused to give a deployment up: {error.response.text}") from error
    return [Deployed(each.deployment, "deleted", each.id) for each in spare]
