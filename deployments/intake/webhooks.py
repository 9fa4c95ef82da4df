"""`POST /accounts/{account}/delivery-logs/{provider}`: what providers report, durable before it is answered."""

import asyncio
import json
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Query, Request

from deployments.intake.errors import CallError, answers
from deployments.intake.gate import body_of, token_of
from deployments.intake.service import Service
from tasks.contracts.intake import AccountParameter, LogsAnswer
from tasks.contracts.provider_logs import WebhookFormat
from tasks.exchange.intake.signatures import Webhook, is_signed
from tasks.exchange.intake.webhook_secrets import load_secrets

FORM: Final = "application/x-www-form-urlencoded"
MOST_PAYLOADS: Final = 10_000
MOST_FIELDS: Final = 1_000
_ANY: Final = {"schema": {"type": "object"}}
_BODY: Final = {"required": True, "content": {"application/json": _ANY, FORM: _ANY}}
router = APIRouter(tags=["delivery logs"])


@router.post(
    "/accounts/{account}/delivery-logs/{provider}",
    status_code=202,
    responses=answers(400, 401, 403, 404, 413, 415, 503),
    openapi_extra={"requestBody": _BODY},
)
async def report(
    account: AccountParameter,
    provider: Annotated[WebhookFormat, Path(description="Whose payloads they are.")],
    request: Request,
    token: Annotated[
        str | None, Query(max_length=200, description="The account's token, for providers that send no headers.")
    ] = None,
) -> LogsAnswer:
    """Take what a provider reports of messages: by its signature where its secret is known, else by the token."""
    service = Service.of(request)
    content = await body_of(request, service.settings.intake_max_body_bytes)
    call = Webhook(str(request.url), request.headers, content, _form(request, content))
    await _admit(service, account, provider, call, token or token_of(request))
    payloads = _payloads(call)
    if payloads:
        await service.intake.account(account).keep_logs(provider, payloads)
    return LogsAnswer(payloads=len(payloads))


async def _admit(service: Service, account: str, provider: str, call: Webhook, token: str | None) -> None:
    secret = load_secrets(service.settings.webhook_secrets_path).get(account, {}).get(provider)
    if secret is None:
        service.gate.account(token, account)
    elif not await asyncio.to_thread(is_signed, provider, call, secret):
        raise CallError(401, f"The payload does not bear the signature that {provider} makes with the known secret")


def _form(request: Request, content: bytes) -> dict[str, str]:
    if not request.headers.get("content-type", "").lower().startswith(FORM):
        return {}
    try:
        return dict(parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise CallError(400, f"The form cannot be read: {error}") from error


def _payloads(call: Webhook) -> list[str]:
    """One line each; a form is the object of its fields."""
    if call.form:
        return [_line(dict(call.form))]
    try:
        told = json.loads(call.body)
    except (ValueError, RecursionError) as error:
        raise CallError(400, f"The body is no JSON: {error}") from error
    many = told if isinstance(told, list) else [told]
    if not all(isinstance(one, dict) for one in many):
        raise CallError(400, "The body is neither an object nor a list of objects")
    if len(many) > MOST_PAYLOADS:
        raise CallError(413, f"The body holds more than {MOST_PAYLOADS:,} payloads")
    return [_line(one) for one in many]


def _line(payload: dict[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":"))
