"""Message Center's own addresses: the SOAP router, its WSDL, and the page that load balancers ask."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from deployments.intake.errors import CallError, answers
from deployments.intake.events import take
from deployments.intake.gate import body_of, token_of
from deployments.intake.service import Service
from tasks.event_ids import NoIdsError
from tasks.exchange.intake.calls import call_rows
from tasks.exchange.intake.soap import (
    CONTENT_TYPE,
    SoapCall,
    SoapFaultError,
    event_pushed,
    events_pushed,
    fault,
    logged_on,
    read_call,
)
from tasks.exchange.intake.wsdl import SCHEMA_NAMES, wsdl
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.intake import Outcome, Row, Taken

ROUTER_PATH: Final = "/nl/jsp/soaprouter.jsp"
EXPIRED: Final = "XSV-350008 Session has expired or is invalid. Please reconnect."
_XML: Final = {"content": {"text/xml": {"schema": {"type": "string"}}}}
router = APIRouter(tags=["Message Center"])


@router.post(
    ROUTER_PATH,
    response_class=Response,
    responses={
        200: {"description": "The answer, as an envelope.", **_XML},
        500: {"description": "A fault.", **_XML},
        **answers(413, 415),
    },
    openapi_extra={"requestBody": {"required": True, **_XML}},
)
async def soap(request: Request) -> Response:
    """Take `PushEvent` and `PushEvents` calls as Message Center does; the token says which account is meant."""
    service = Service.of(request)
    content = await body_of(request, service.settings.intake_max_body_bytes)
    try:
        text = await _answered(service, request, content)
    except SoapFaultError as error:
        return Response(fault(error), 500, media_type=CONTENT_TYPE)
    return Response(text, media_type=CONTENT_TYPE)


@router.get(
    "/nl/jsp/schemawsdl.jsp",
    response_class=Response,
    responses={200: {"description": "WSDL 1.1.", **_XML}, **answers(400, 404)},
)
async def describe(
    request: Request, schema: Annotated[str, Query(max_length=100, examples=["nms:rtEvent"])] = "nms:rtEvent"
) -> Response:
    """Describe the SOAP methods of a schema (WSDL)."""
    if schema not in SCHEMA_NAMES:
        raise CallError(404, f"There is no schema {schema!r}; there are {' and '.join(SCHEMA_NAMES)}")
    address = str(request.base_url).rstrip("/") + ROUTER_PATH
    return Response(wsdl(schema, address), media_type=CONTENT_TYPE)


@router.get(
    "/nl/jsp/mcPing.jsp",
    response_class=Response,
    responses={200: {"description": "`Ok` or `Error`, the time, how many wait of how many may.",
                     "content": {"text/plain": {"schema": {"type": "string"}}}}, **answers(401, 404)},
)  # fmt: skip
async def ping(request: Request) -> Response:
    """Tell whether the account's queue has room."""
    service = Service.of(request)
    account = service.gate.account(token_of(request))
    waiting, most = await service.intake.account(account).waiting(), service.settings.intake_max_waiting
    is_full = waiting >= most
    told = f"queue is full ({waiting}/{most})" if is_full else f"{waiting}/{most} pending events"
    lines = ("Error" if is_full else "Ok", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z", told)
    return Response("\n".join(lines) + "\n", media_type="text/plain")


async def _answered(service: Service, request: Request, content: bytes) -> str:
    call = read_call(content)
    if call.method == "Logon":
        _account(service, call.password)
        return logged_on(str(call.password))
    account = _account(service, call.token or token_of(request))
    rows = _rows(content, most=service.settings.intake_max_events)
    if call.method == "PushEvent" and len(rows) != 1:
        raise SoapFaultError(f"PushEvent takes one event, and the call holds {len(rows)}; send them by PushEvents")
    outcomes = await _taken(service, account, call, rows)
    if not any(isinstance(each, Taken) for each in outcomes):
        raise SoapFaultError("; ".join(sorted({_why(each) for each in outcomes})))
    if call.method == "PushEvent":
        return event_pushed(call, _id(outcomes[0]))
    return events_pushed(call, [(_id(each), _why(each) or None) for each in outcomes])


def _account(service: Service, token: str | None) -> str:
    try:
        return service.gate.account(token)
    except CallError as error:
        raise SoapFaultError(EXPIRED, detail=error.detail) from error


async def _taken(service: Service, account: str, call: SoapCall, rows: list[Row]) -> list[Outcome]:
    try:
        return await take(service, account, call.queue, rows)
    except (CallError, NoIdsError, OSError) as error:
        raise SoapFaultError(f"{error}; send it again", is_ours=True) from error


def _rows(content: bytes, *, most: int) -> list[Row]:
    try:
        return call_rows(content, {"content-type": "text/xml"}, most=most)
    except UnreadableFileError as error:
        raise SoapFaultError(str(error)) from error


def _id(outcome: Outcome) -> int:
    return outcome.event_id if isinstance(outcome, Taken) else 0


def _why(outcome: Outcome) -> str:
    return "" if isinstance(outcome, Taken) else f"{outcome.reason}: {outcome.detail or 'see docs/intake.md'}"
