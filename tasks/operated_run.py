"""The flow run that this code is a part of, as its operator sees it: how long it may take, what it has told."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic
from typing import Final
from uuid import UUID

from prefect.logging import get_run_logger

from tasks.advice import in_one_line


class RunTimeoutError(TimeoutError):
    """A run took longer than its flow may."""


@dataclass
class OperatedRun:
    """A run of a flow, for an account where it is for one."""

    flow: str
    account: str | None
    run_id: UUID
    seconds: float
    """How long it may take."""
    began: float = field(default_factory=monotonic)
    summary: str | None = None
    """The message of its state where it completes; the flow sets it."""
    _told: BaseException | None = None

    @property
    def subject(self) -> str:
        """What people call it."""
        return f"{self.flow} of account {self.account}" if self.account else self.flow

    def seconds_left(self) -> float:
        """Until it is over its limit."""
        return self.began + self.seconds - monotonic()

    def line(self, error: BaseException) -> str:
        """What was wrong, where, and what to do."""
        return f"{self.subject} failed: {in_one_line(error)}"

    def tell(self, error: BaseException) -> None:
        """Says so in the run's log, once, before Prefect does at length."""
        if self._told is not error:
            self._told = error
            get_run_logger().error(self.line(error))

    @cached_property
    def over_its_limit(self) -> RunTimeoutError:
        """The error of a run that is."""
        return RunTimeoutError(f"it was not done after {self.seconds:g} s, the limit of flow {self.flow}")


RUN: Final[ContextVar[OperatedRun | None]] = ContextVar("RUN", default=None)
"""None on the command line without a server, and in flows that nobody operates."""
