"""Makes one deployment on a Prefect server equal to what is wanted; what is equal already is not touched."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentScheduleUpdate, DeploymentUpdate
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from deployments.server import DeployError
from deployments.triggers import apply_triggers
from deployments.wanted import WantedDeployment

Change = Literal["created", "updated", "unchanged", "deleted"]


@dataclass(frozen=True)
class Deployed:
    """What became of one deployment."""

    deployment: str
    """`<flow>/<name>`, as Prefect's own commands take it."""
    change: Change
    id: UUID


async def apply_one(client: PrefectClient, full_name: str, wanted: WantedDeployment) -> Deployed:
    """Creates or changes one deployment, unless it is there and equal.

    Raises:
        DeployError: The server refused it.
    """
    try:
        existing = await client.read_deployment_by_name(full_name)
    except ObjectNotFound:
        existing = None
    try:
        if existing is None:
            created = await _create(client, wanted)
            await apply_triggers(client, created, wanted.triggers)
            return Deployed(full_name, "created", created)
        changed = _fields_of(existing) != _fields(wanted) or _schedules_of(existing) != _schedules(wanted)
        if changed:
            await _update(client, existing, wanted)
        changed |= await apply_triggers(client, existing.id, wanted.triggers)
    except PrefectHTTPStatusError as error:
        raise DeployError(f"The server refused deployment '{full_name}': {error.response.text}") from error
    return Deployed(full_name, "updated" if changed else "unchanged", existing.id)


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
