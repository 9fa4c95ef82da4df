"""What starts a deployment beside its schedule: automations that belong to it, made equal to what is wanted."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.events.actions import ActionTypes, RunDeployment
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger
from prefect.events.schemas.events import ResourceSpecification
from pydantic import BaseModel, ConfigDict, Field

from tasks.contracts.run_limits import MANAGED

Labels = dict[str, str]
Text = Annotated[str, Field(min_length=1)]


class WantedTrigger(BaseModel):
    """An entry of `triggers` in `prefect.yaml`: a run for each of these events. Keys it does not know are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    type: Literal["event"]
    expect: list[Text] = Field(min_length=1)
    match: Labels = {}
    match_related: Labels = {}
    schedule_after: timedelta = Field(default=timedelta(0), ge=timedelta(0))

    def automation(self, deployment: UUID, *, enabled: bool) -> AutomationCore:
        """The automation that runs the deployment."""
        return AutomationCore(
            name=self.name,
            enabled=enabled,
            tags=[MANAGED],
            trigger=EventTrigger(
                expect=set(self.expect),
                match=ResourceSpecification.model_validate(self.match),
                match_related=ResourceSpecification.model_validate(self.match_related),
            ),
            actions=[RunDeployment(source="selected", deployment_id=deployment, schedule_after=self.schedule_after)],
            owner_resource=f"prefect.deployment.{deployment}",
        )


async def apply_triggers(client: PrefectClient, deployment: UUID, wanted: Iterable[WantedTrigger]) -> bool:
    """Gives a deployment these automations and none of ours beyond them; tells whether anything changed.

    Whether a person has switched one off is theirs to say, and is left as it is. What `prefect deploy` made of the
    same entry is known by its name.
    """
    triggers = {each.name: each for each in wanted}
    running = await automations_running(client, deployment)
    spare = {each.name: each for each in running if MANAGED in each.tags or each.name in triggers}
    changed = False
    for name, trigger in triggers.items():
        existing = spare.pop(name, None)
        automation = trigger.automation(deployment, enabled=existing is None or existing.enabled)
        if existing and _meaning(existing) == _meaning(automation):
            continue
        if existing:
            await client.delete_automation(existing.id)
        await client.create_automation(automation)
        changed = True
    for each in spare.values():
        await client.delete_automation(each.id)
    return changed or bool(spare)


async def automations_running(client: PrefectClient, deployment: UUID) -> list[Automation]:
    """The automations that do nothing but run this deployment; the server keeps them when the deployment goes."""
    related = await client.read_resource_related_automations(f"prefect.deployment.{deployment}")
    return [each for each in related if all(_runs(action, deployment) for action in each.actions)]


def _runs(action: ActionTypes, deployment: UUID) -> bool:
    return isinstance(action, RunDeployment) and action.deployment_id == deployment


def _meaning(automation: AutomationCore) -> dict[str, Any]:
    return automation.model_dump(include={"name", "enabled", "trigger", "actions"})
