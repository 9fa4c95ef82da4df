"""Makes a Prefect server equal to `prefect.yaml` and the accounts in use."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    DeploymentScheduleUpdate,
    DeploymentUpdate,
    WorkPoolCreate,
)
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.workers.process import ProcessWorker

from deployments.render import deployment_name
from deployments.server import DeployError
from deployments.wanted import WantedDeployment, wanted_deployments
from tasks.contracts.accounts import Account
from tasks.exchange.roster import load_roster
from tasks.settings import Settings

POOL_TYPE = "process"
Change = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True)
class Deployed:
    """What became of one deployment."""

    deployment: str
    """`<flow>/<name>`, as Prefect's own commands take it."""
    change: Change
    id: UUID


def deploy() -> list[Deployed]:
    """Gives the server every deployment of `prefect.yaml` and an archiving one per account of the roster in use.

    What is there already and equal is not touched, so its planned runs stay. Whether a person has paused a
    deployment or one of its schedules is theirs to say, and is left as it is.

    Raises:
        PrefectYamlError: `prefect.yaml` is wrong.
        RosterError: The roster is wrong.
        DeployError: The server refused something; what came before it is deployed.
    """
    return asyncio.run(apply(wanted_deployments(load_roster(Settings().roster_path))))


def deploy_account(account: Account) -> Deployed:
    """Gives the server the archiving deployment of one account, and starts its first run at once.

    That is what Message Center's button "Create the archiving workflow" does.

    Raises:
        DeployError: The server refused something.
    """
    name = deployment_name(account.name)
    return asyncio.run(_apply_and_start([wanted for wanted in wanted_deployments([account]) if wanted.name == name]))


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
        return [await _apply_one(client, full_name, entry) for full_name, entry in entries.items()]


async def _apply_and_start(wanted: Iterable[WantedDeployment]) -> Deployed:
    [deployed] = await apply(wanted)
    async with get_client() as client:
        await client.create_flow_run_from_deployment(deployed.id)
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


async def _apply_one(client: PrefectClient, full_name: str, wanted: WantedDeployment) -> Deployed:
    try:
        existing = await client.read_deployment_by_name(full_name)
    except ObjectNotFound:
        existing = None
    try:
        if existing is None:
            return Deployed(full_name, "created", await _create(client, wanted))
        if _fields_of(existing) == _fields(wanted) and _schedules_of(existing) == _schedules(wanted):
            return Deployed(full_name, "unchanged", existing.id)
        await _update(client, existing, wanted)
    except PrefectHTTPStatusError as error:
        raise DeployError(f"The server refused deployment '{full_name}': {error.response.text}") from error
    return Deployed(full_name, "updated", existing.id)


async def _create(client: PrefectClient, wanted: WantedDeployment) -> UUID:
    flow_id = await client.create_flow_from_name(wanted.flow.name)
    schedules = [DeploymentScheduleCreate(slug=slug, schedule=each) for slug, each in _schedules(wanted).items()]
    return await client.create_deployment(flow_id, wanted.name, schedules=schedules, **_fields(wanted))


async def _update(client: PrefectClient, existing: DeploymentResponse, wanted: WantedDeployment) -> None:
    schedules = [DeploymentScheduleUpdate(slug=slug, schedule=each) for slug, each in _schedules(wanted).items()]
    await client.update_deployment(existing.id, DeploymentUpdate(schedules=schedules, **_fields(wanted)))
    for schedule in existing.schedules:
        if schedule.slug and schedule.slug not in _schedules(wanted):
            await client.delete_deployment_schedule(existing.id, schedule.id)


def _fields(wanted: WantedDeployment) -> dict[str, Any]:
    limit = wanted.concurrency_limit
    return {
        "entrypoint": wanted.entrypoint,
        "description": wanted.description or wanted.flow.description,
        "tags": wanted.tags,
        "parameters": wanted.parameters,
        "parameter_openapi_schema": wanted.flow.parameters.model_dump(mode="json", exclude_unset=True),
        "enforce_parameter_schema": True,
        "concurrency_limit": limit.limit if limit else None,
        "concurrency_options": ConcurrencyOptions.model_validate(limit.model_dump(exclude={"limit"}))
        if limit
        else None,
        "work_pool_name": wanted.work_pool.name,
        "job_variables": wanted.job_variables,
        "pull_steps": [],
    }


def _fields_of(existing: DeploymentResponse) -> dict[str, Any]:
    limit = existing.global_concurrency_limit
    same = {"entrypoint", "description", "tags", "parameters", "parameter_openapi_schema", "enforce_parameter_schema"}
    same |= {"concurrency_options", "work_pool_name", "job_variables", "pull_steps"}
    return {"concurrency_limit": limit.limit if limit else None} | {name: getattr(existing, name) for name in same}


def _schedules(wanted: WantedDeployment) -> dict[str | None, IntervalSchedule]:
    return {
        each.slug: IntervalSchedule(interval=each.interval, anchor_date=each.anchor_date) for each in wanted.schedules
    }


def _schedules_of(existing: DeploymentResponse) -> dict[str | None, object]:
    return {each.slug: each.schedule for each in existing.schedules}
