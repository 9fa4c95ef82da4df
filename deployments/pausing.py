"""An account put to rest, and brought back: its deployments, their schedules and their runs."""

import asyncio
from typing import Final

from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError

from deployments.first_runs import start_real_time
from deployments.managed import managed
from deployments.render import account_tag
from deployments.runs import UNDER_WAY, UNFINISHED, cancel_runs, runs_of_project
from deployments.server import DeployError

CANCEL_SECONDS: Final = 30.0


def pause_account(account: str) -> list[str]:
    """Pauses an account's deployments and cancels their runs, planned ones too; returns the deployments' names.

    Nothing starts them again but `resume_account` or a person: neither a schedule nor news of the account. What
    arrives meanwhile waits in the inboxes.

    Raises:
        DeployError: The server refused it.
    """
    return asyncio.run(_switch(account, pause=True))


def resume_account(account: str) -> list[str]:
    """Ends the pause of an account's deployments, and starts its real-time processing; returns their names.

    Raises:
        DeployError: The server refused it.
    """
    return asyncio.run(_switch(account, pause=False))


async def _switch(account: str, *, pause: bool) -> list[str]:
    found = await managed(account_tag(account))
    async with get_client() as client:
        try:
            for each in found:
                await (client.pause_deployment(each.id) if pause else client.resume_deployment(each.id))
            if pause:
                of_account = runs_of_project(account_tag(account), states={*UNFINISHED, *UNDER_WAY})
                await cancel_runs(client, of_account, seconds=CANCEL_SECONDS)
            else:
                await start_real_time(client, [account])
        except PrefectHTTPStatusError as error:
            raise DeployError(f"The server refused it for account '{account}': {error.response.text}") from error
    return [each.deployment for each in found]
