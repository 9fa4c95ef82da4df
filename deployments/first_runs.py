"""Real time begins with the machine, not with the next instant of its schedule; what it finds starts the others."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.states import Scheduled

from deployments.render import MANAGED, account_tag

STAGE: Final = "rt"
APART: Final = timedelta(seconds=3)
"""Between two starts, each of which keeps a processor busy for about as long."""


async def start_real_time(client: PrefectClient, accounts: Iterable[str]) -> int:
    """Plans a run of each account's real-time processing, one after the other; says how many.

    A deployment that somebody has paused stays paused.
    """
    begin, planned = datetime.now(UTC), 0
    for name in accounts:
        wanted = DeploymentFilter(tags=DeploymentFilterTags(all_=[MANAGED, account_tag(name), STAGE]))
        for each in await client.read_deployments(deployment_filter=wanted):
            if not each.paused:
                at = begin + planned * APART
                await client.create_flow_run_from_deployment(each.id, state=Scheduled(scheduled_time=at))
                planned += 1
    return planned
