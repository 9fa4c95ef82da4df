"""`POST /accounts/{account}/events` and `GET /events/{event_id}`."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response

from deployments.intake.errors import CallError, answers
from deployments.intake.gate import body_of, token_of
from deployments.intake.service import Service
from tasks.contracts.intake import (
    IDEMPOTENCY_KEY_MAX,
    AcceptedEventAnswer,
    AccountParameter,
    EventsAnswer,
    EventStatusAnswer,
    Problem,
    RejectedEventAnswer,
)
from tasks.contracts.vocabulary import Queue
from tasks.event_status import event_status
from tasks.exchange.intake.calls import JSON_TYPES, LINES_TYPES, XML_TYPES, UnknownTypeError, call_rows
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.intake import Outcome, Row, Taken

FULL_SECONDS: Final = 5
_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "id": {"type": "string", "description": "Your own id: a second event with it is a copy of the first."},
        "type": {"type": "string", "examples": ["order_confirmed"]},
        "email": {"type": "string", "examples": ["ada@example.com"]},
        "mobilePhone": {"type": "string"},
        "registrationToken": {"type": "string"},
        "wishedChannel": {"enum": [0, 1, 41, 42, "email", "sms", "ios", "android"]},
        "language": {"type": "string"},
        "country": {"type": "string"},
        "externalId": {"type": "string"},
        "origin": {"type": "string"},
        "created": {"type": "string", "format": "date-time"},
        "scheduled": {"type": "string", "format": "date-time"},
        "expiration": {"type": "string", "format": "date-time"},
        "ctx": {"type": "object", "description": "The data that templates use."},
    },
}
_ONE_OR_MANY: Final = {"schema": {"oneOf": [_EVENT, {"type": "array", "items": _EVENT, "minItems": 1}]}}
_TEXT: Final = {"schema": {"type": "string"}}
_BODY: Final = {
    "required": True,
    "content": dict.fromkeys(JSON_TYPES, _ONE_OR_MANY) | dict.fromkeys((*LINES_TYPES[:1], *XML_TYPES), _TEXT),
}

_NONE_TAKEN: Final[dict[int | str, dict[str, Any]]] = {
    422: {"model": EventsAnswer, "description": "No row of the call is an event."}
}
router = APIRouter(tags=["events"])


@router.post(
    "/accounts/{account}/events",
    status_code=202,
    response_model=EventsAnswer,
    responses=_NONE_TAKEN | answers(400, 401, 403, 404, 409, 413, 415, 429, 503),
    openapi_extra={"requestBody": _BODY},
)
async def push(
    account: AccountParameter,
    request: Request,
    queue: Annotated[Queue, Query(description="Real time, or batch.")] = "rt",
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=IDEMPOTENCY_KEY_MAX, description="A repeated call gets the first answer."),
    ] = None,
) -> Response:
    """Take one event or many; answered once they are durable, each with its global id."""
    service = Service.of(request)
    service.gate.account(token_of(request), account)
    content = await body_of(request, service.settings.intake_max_body_bytes)
    rows = rows_of(content, request, most=service.settings.intake_max_events)
    digest = hashlib.sha256(f"{queue}\n".encode() + content).hexdigest()
    if idempotency_key and (before := _answered(service, account, idempotency_key, digest)):
        return before
    outcomes = await take(service, account, queue, rows)
    answer = _answer(outcomes)
    status = 422 if answer.rejected == len(outcomes) else 202
    text = answer.model_dump_json(exclude_none=True)
    if idempotency_key:
        service.intake.answers.keep_answer(
            account, idempotency_key, request=digest, status=status, response=text, now=datetime.now(UTC)
        )
    return Response(text, status, media_type="application/json")


@router.get(
    "/events/{event_id}", response_model=EventStatusAnswer, responses=answers(400, 401, 403, 404, 503), tags=["events"]
)
async def status(
    event_id: Annotated[str, Path(pattern=r"^\d{1,19}$", description="Global id.")], request: Request
) -> EventStatusAnswer:
    """Tell how an event stands, and how it came to that."""
    service = Service.of(request)
    account = service.gate.account(token_of(request))
    found = await asyncio.to_thread(event_status, service.intake.account(account), int(event_id))
    if found is None:
        raise CallError(404, f"Account {account} has no event {event_id}")
    return found


async def take(service: Service, account: str, queue: Queue, rows: Sequence[Row]) -> list[Outcome]:
    """Takes rows, unless too many events wait or came of late.

    Raises:
        CallError: They do.
    """
    way_in, most = service.intake.account(account), service.settings.intake_max_waiting
    if (waiting := await way_in.waiting()) >= most:
        raise CallError(
            503, f"The queue is full ({waiting:,}/{most:,}); send it again", headers={"Retry-After": str(FULL_SECONDS)}
        )
    service.gate.admit(account, len(rows))
    return await way_in.push(queue, rows)


def rows_of(content: bytes, request: Request, *, most: int) -> list[Row]:
    """The rows of a call.

    Raises:
        CallError: It cannot be read, or holds none.
    """
    try:
        rows = call_rows(content, request.headers, most=most)
    except UnknownTypeError as error:
        raise CallError(415, str(error)) from error
    except UnreadableFileError as error:
        raise CallError(400, str(error)) from error
    if not rows:
        raise CallError(400, "The call holds no event")
    return rows


def _answered(service: Service, account: str, key: str, digest: str) -> Response | None:
    before = service.intake.answers.answer(account, key)
    if before is None:
        return None
    request, status_code, text = before
    if request != digest:
        raise CallError(409, "This Idempotency-Key came with another call; use a new one for each")
    return Response(text, status_code, media_type="application/json", headers={"Idempotency-Replayed": "true"})


def _answer(outcomes: Sequence[Outcome]) -> EventsAnswer:
    taken = [each for each in outcomes if isinstance(each, Taken)]
    duplicates = sum(each.is_duplicate for each in taken)
    return EventsAnswer(
        accepted=len(taken) - duplicates,
        duplicates=duplicates,
        rejected=len(outcomes) - len(taken),
        events=[
            AcceptedEventAnswer(event_id=str(each.event_id), duplicate=each.is_duplicate)
            if isinstance(each, Taken)
            else RejectedEventAnswer(error=Problem(reason=each.reason, detail=each.detail))
            for each in outcomes
        ],
    )
