"""The deployments on a server that this project made: they carry its tag."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import DeploymentSort

from deployments.render import MANAGED
from deployments.runs import PAGE


@dataclass(frozen=True)
class Managed:
    """A deployment on the server that this project made."""

    deployment: str
    """`<flow>/<name>`, as Prefect's own commands take it."""
    id: UUID


async def managed(*tags: str, without: Collection[UUID] = ()) -> list[Managed]:
    """Those with all of these tags, but for some that are named, by name."""
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[MANAGED, *tags]))
    async with get_client() as client:
        found: list[DeploymentResponse] = []
        while page := await client.read_deployments(
            deployment_filter=tagged, limit=PAGE, offset=len(found), sort=DeploymentSort.NAME_ASC
        ):
            found += page
        spare = [each for each in found if each.id not in without]
        flows = {each.flow_id: (await client.read_flow(each.flow_id)).name for each in spare}
    return sorted(
        (Managed(f"{flows[each.flow_id]}/{each.name}", each.id) for each in spare), key=lambda each: each.deployment
    )
