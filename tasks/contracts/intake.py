"""What the intake answers: the shapes that its OpenAPI description shows."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.contracts.vocabulary import Queue, Status

IDEMPOTENCY_KEY_MAX: Final = 255
AccountParameter = Annotated[str, Field(max_length=63, pattern=r"^[A-Za-z0-9_-]+$", description="Execution account.")]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class AcceptedEventAnswer(_Answer):
    """An event that is durable."""

    event_id: str = Field(description="Global id: a text, for JSON numbers cannot hold it.")
    duplicate: bool = Field(description="Whether it was there already; the id is then that of the first.")


class Problem(_Answer):
    """Why a row is no event."""

    reason: str
    detail: str | None = None


class RejectedEventAnswer(_Answer):
    """A row that is no event, and costs no other."""

    error: Problem


class EventsAnswer(_Answer):
    """What became of each event of a call, in their order."""

    accepted: int
    duplicates: int
    rejected: int
    events: list[AcceptedEventAnswer | RejectedEventAnswer]


class HistoryEntry(_Answer):
    """Something that happened to an event."""

    at: datetime
    what: str
    detail: str | None = None


class EventStatusAnswer(_Answer):
    """How an event stands, and how it came to that."""

    event_id: str
    duplicate_of: str | None = Field(default=None, description="The event that the id asked for is a copy of.")
    account: str
    queue: Queue
    status: Status
    label: str = Field(description="The status as Message Center shows it.")
    reason: str | None = None
    event_type: str | None = None
    channel: str | None = None
    template_id: str | None = None
    template_version: int | None = None
    history: list[HistoryEntry]


class LogsAnswer(_Answer):
    """How many payloads are durable."""

    payloads: int


class HealthAnswer(_Answer):
    """The service answers."""

    status: Literal["ok"] = "ok"


class ErrorAnswer(_Answer):
    """What was wrong, and what to do (RFC 9457, `application/problem+json`)."""

    title: str
    status: int
    detail: str
