"""The deployments on a server that this project made, as Prefect's own commands name them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from prefect.client.orchestration import get_client

from tasks.server_runs import managed_deployments


@dataclass(frozen=True)
class Managed:
    """A deployment on the server that this project made."""

    deployment: str
    """`<flow>/<name>`, as Prefect's own commands take it."""
    id: UUID


async def managed(*tags: str, without: Collection[UUID] = ()) -> list[Managed]:
    """Those with all of these tags, but for some that are named, by name."""
    async with get_client() as client:
        spare = [each for each in await managed_deployments(client, *tags) if each.id not in without]
        flows = {flow: (await client.read_flow(flow)).name for flow in {each.flow_id for each in spare}}
    return sorted(
        (Managed(f"{flows[each.flow_id]}/{each.name}", each.id) for each in spare), key=lambda each: each.deployment
    )
