"""The course of a demonstration: which flow runs for whom, what it counted, how long it took."""

from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, TypeVar

from prefect import Flow

from tasks.contracts.accounts import Account
from tasks.demo import Inputs
from tasks.stopwatch import clocked

R = TypeVar("R")
FLOW_RUNS: Final = 11
"""Flow runs of an account, the one that publishes templates for all not among them."""


@dataclass(frozen=True)
class Step:
    """A flow run that is over."""

    flow: str
    account: str | None
    result: Any
    seconds: float


@dataclass(frozen=True)
class DemoRun:
    """What there was to process, and what each flow run returned."""

    inputs: Inputs
    steps: tuple[Step, ...]


@dataclass
class Show:
    """Runs flows one after the other and keeps what they return."""

    inputs: Inputs
    steps: list[Step] = field(default_factory=list)

    async def run(
        self, flow: Flow[..., Coroutine[Any, Any, R]], account: Account | None = None, **parameters: object
    ) -> R:
        """Runs a flow, for an account where one is given."""
        name = account.name if account else None
        AUDIENCE.get()(len(self.steps), 1 + FLOW_RUNS * len(self.inputs.accounts), f"{flow.name} {name or ''}".strip())
        recorded = copy(flow)
        recorded.fn = clocked("body", flow.fn)
        named = {"account": name} if name else {}
        start = perf_counter()
        result = await clocked("flow", flow.fn, recorded)(**named, **parameters)
        self.steps.append(Step(flow.name, name, result, perf_counter() - start))
        return result


Audience = Callable[[int, int, str], None]
"""Told before each step: how many are over, how many there are, what comes."""
AUDIENCE: ContextVar[Audience] = ContextVar("AUDIENCE", default=lambda _done, _all, _what: None)
