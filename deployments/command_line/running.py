"""How a command runs a flow: as a recorded run where a Prefect API is set, else in this process alone."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from prefect import Flow

R = TypeVar("R")


def run_flow(flow: "Flow[..., Coroutine[Any, Any, R]]", **parameters: object) -> R:
    """Runs a flow with the same checks of its parameters either way.

    With `PREFECT_API_URL` set the run is recorded there. Without it the flow's own code runs here, for a
    server that nobody looks at would cost each command ten seconds.
    """
    from prefect.settings import PREFECT_API_URL

    body: Callable[..., Coroutine[Any, Any, R]] = flow if PREFECT_API_URL.value() else flow.fn
    return asyncio.run(body(**flow.validate_parameters(parameters)))
