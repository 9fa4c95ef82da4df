"""Makes a Prefect server equal to `prefect.yaml` and the accounts in use."""

import asyncio
from collections.abc import Collection, Iterable

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import (
    WorkPoolCreate,
)
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from deployments.account_flows import ACCOUNT_FLOWS
from deployments.apply_one import Deployed, apply_one
from deployments.server import DeployError
from deployments.wanted import WantedDeployment, wanted_deployments
from deployments.zombies import ensure_zombie_watch
from tasks.contracts.accounts import Account
from tasks.exchange.roster import load_roster
from tasks.settings import Settings

POOL_TYPE = "process"


def deploy() -> list[Deployed]:
    """Gives the server every deployment of `prefect.yaml` and those that each account of the roster in use has.

    What is there already and equal is not touched, so its planned runs stay. Whether a person has paused a
    deployment or one of its schedules is theirs to say, and is left as it is.

    Raises:
        PrefectYamlError: `prefect.yaml` is wrong.
        RosterError: The roster is wrong.
        DeployError: The server refused something; what came before it is deployed.
    """
    return asyncio.run(apply(wanted_deployments(load_roster(Settings().roster_path))))


def deploy_account(account: Account) -> list[Deployed]:
    """Gives the server the deployments of one account, and starts a first run of each but the purge.

    That is more than Message Center's button "Create the archiving workflow" does: there the other workflows
    are one for all accounts.

    Raises:
        DeployError: The server refused something.
    """
    names = {one.deployment_name(account.name) for one in ACCOUNT_FLOWS}
    first = {one.deployment_name(account.name) for one in ACCOUNT_FLOWS if one.starts_at_once}
    wanted = [each for each in wanted_deployments([account]) if each.name in names]
    return asyncio.run(
        _apply_and_start(wanted, {f"{each.flow.name}/{each.name}" for each in wanted if each.name in first})
    )


async def apply(wanted: Iterable[WantedDeployment]) -> list[Deployed]:
    """Gives the server these deployments, and the work pools that they name.

    Raises:
        PrefectYamlError: An entrypoint names no flow; nothing is deployed then.
        DeployError: The server refused something, or has a work pool of another kind.
    """
    entries = {f"{entry.flow.name}/{entry.name}": entry for entry in wanted}
    async with get_client() as client:
        for pool in sorted({entry.work_pool.name for entry in entries.values()}):
            await _ensure_pool(client, pool)
        await ensure_zombie_watch(client)
        return [await apply_one(client, full_name, entry) for full_name, entry in entries.items()]


async def _apply_and_start(wanted: Iterable[WantedDeployment], first: Collection[str]) -> list[Deployed]:
    deployed = await apply(wanted)
    async with get_client() as client:
        for each in deployed:
            if each.deployment in first:
                await client.create_flow_run_from_deployment(each.id)
    return deployed


async def _ensure_pool(client: PrefectClient, name: str) -> None:
    try:
        pool = await client.read_work_pool(name)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        await client.create_work_pool(WorkPoolCreate(name=name, type=POOL_TYPE, base_job_template=template))
        return
    if pool.type != POOL_TYPE:
        raise DeployError(
            f"The server's work pool '{name}' is of type '{pool.type}', and the flows need one of type '{POOL_TYPE}'. "
            f"Delete it (`prefect work-pool delete {name}`) and deploy again."
        )
