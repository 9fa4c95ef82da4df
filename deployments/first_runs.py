"""Real time begins with the machine, not with the next instant of its schedule; what it finds starts the others."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from prefect.client.orchestration import PrefectClient
from prefect.states import Scheduled

from deployments.render import account_tag
from tasks.server_runs import managed_deployments

STAGE: Final = "rt"
APART: Final = timedelta(seconds=3)
"""Between two starts, each of which keeps a processor busy for about as long."""


async def start_real_time(client: PrefectClient, accounts: Iterable[str]) -> int:
    """Plans a run of each account's real-time processing, one after the other; says how many.

    A deployment that somebody has paused stays paused.
    """
    tags = {account_tag(name) for name in accounts}
    found = [each for each in await managed_deployments(client, STAGE) if tags.intersection(each.tags)]
    begin, due = datetime.now(UTC), [each for each in found if not each.paused]
    for number, each in enumerate(due):
        at = begin + number * APART
        await client.create_flow_run_from_deployment(each.id, state=Scheduled(scheduled_time=at))
    return len(due)
