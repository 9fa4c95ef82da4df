"""Runs whose process is gone without a word: the server ends them when their heartbeat stays away.

Source: Prefect's documentation, "How to detect and respond to zombie flows". It works with the heartbeat that
`SERVER_SETTINGS` asks for; a pause of less than three beats would end runs that are well.
"""

from datetime import timedelta
from typing import Final

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from deployments.server import SERVER_SETTINGS
from tasks.contracts.run_limits import MANAGED

NAME: Final = "message-center: runs without a heartbeat"
HEARTBEAT_SECONDS: Final = int(SERVER_SETTINGS["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
SILENT_FOR: Final = timedelta(seconds=4 * HEARTBEAT_SECONDS)
MESSAGE: Final = f"No heartbeat for {SILENT_FOR.seconds} s: its process is gone. Nothing is lost; the next run goes on."
_HEARTBEAT: Final = "prefect.flow-run.heartbeat"
_ENDS: Final = ("Completed", "Failed", "Cancelled", "Crashed")


async def ensure_zombie_watch(client: PrefectClient) -> None:
    """Gives the server the automation, where it does not have it; one that a person changed is left as it is.

    It does not force the state: a run that has ended stays as it ended, should the server have missed its news.
    """
    if not await client.read_automations_by_name(NAME):
        await client.create_automation(_automation())


def _automation() -> AutomationCore:
    return AutomationCore(
        name=NAME,
        description="Ends runs of this project as crashed when their process is gone, so that others may begin.",
        tags=[MANAGED],
        trigger=EventTrigger(
            after={_HEARTBEAT},
            expect={_HEARTBEAT, *(f"prefect.flow-run.{end}" for end in _ENDS)},
            match=ResourceSpecification.model_validate({"prefect.resource.id": "prefect.flow-run.*"}),
            match_related=ResourceSpecification.model_validate({"prefect.resource.id": f"prefect.tag.{MANAGED}"}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENT_FOR,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=MESSAGE)],
    )
