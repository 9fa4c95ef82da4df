"""The sender that posts messages to a gateway over HTTP, signed: for SMS, push, and whatever else takes JSON."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import dataframely as dy
import httpx

from tasks.contracts.accounts import WebhookGateway
from tasks.contracts.deliver_events import HAND_OVER_INTERRUPTED, HandOver, Message
from tasks.exchange.sending.hand_over_journal import Journal, Result, journal, results_frame
from tasks.exchange.sending.journalled import Journalled, answer
from tasks.exchange.sending.senders import Answer, SenderUnavailableError

FIELDS: Final = (
    "event_id", "event_key", "delivery_id", "batch_id", "channel", "recipient", "sender", "subject", "body_text",
    "body_html",
)  # fmt: skip
IDS: Final = ("event_id", "delivery_id")
NOT_NOW: Final = frozenset({408, 425, 429})
_OUTCOMES: Final = {"taken": "accepted", "deferred": "deferred", "refused": "rejected"}
Row = dict[str, Any]


@dataclass(frozen=True)
class WebhookSender(Journalled):
    """Posts the messages of an account, some at a time; keeps a journal per batch in the folder `outbox`."""

    gateway: WebhookGateway
    name: str = "webhook"
    batch_messages: int = 5_000
    round_messages: int = 5_000

    async def send(self, batches: Mapping[str, dy.DataFrame[Message]]) -> dict[str, Answer]:
        """Posts batches one after the other.

        An answer is a `SenderUnavailableError` where the gateway took nothing at all of a batch, a `FileExistsError`
        where a batch of this id was sent before.
        """
        async with httpx.AsyncClient(timeout=self.gateway.timeout_seconds) as client:
            return {batch_id: await answer(self._sent(client, batch_id, rows)) for batch_id, rows in batches.items()}

    async def _sent(
        self, client: httpx.AsyncClient, batch_id: str, messages: dy.DataFrame[Message]
    ) -> dy.DataFrame[HandOver]:
        if not self.gateway.url:
            raise SenderUnavailableError("[account.webhook] names no url")
        key = _key(self.gateway.secret_variable)
        parts = [part.select(FIELDS).to_dicts() for part in messages.iter_slices(self.gateway.messages_per_call)]
        gate = asyncio.Semaphore(self.gateway.connections)
        with journal(self.journal_path(batch_id), self.now) as opened:

            async def post(number: int, part: list[Row]) -> list[Result]:
                async with gate:
                    return await self._posted(client, f"{batch_id}-{number}", part, key, opened)

            results = await asyncio.gather(*(post(number, part) for number, part in enumerate(parts)))
        told = [result for part in results for result in part]
        if all(result.outcome == "deferred" and result.kind is None for result in told):
            raise SenderUnavailableError(told[0].reason or "the gateway took nothing")
        return results_frame(told, self.now)

    async def _posted(
        self, client: httpx.AsyncClient, call_id: str, part: Sequence[Row], key: bytes | None, opened: Journal
    ) -> list[Result]:
        await asyncio.gather(*(opened.intend(row["event_id"]) for row in part))
        body = _body(part)
        headers = {"Content-Type": "application/json", **_signed(call_id, self.now, body, key)}
        try:
            reply = await client.post(self.gateway.url, content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            results = _all(part, "deferred", None, f"{self.gateway.url}: {error}")
        except httpx.HTTPError:
            results = _all(part, "unsure", "unknown", HAND_OVER_INTERRUPTED)
        else:
            results = _told(reply, part)
        for result in results:
            opened.note(result)
        return results


def _body(part: Sequence[Row]) -> bytes:
    """Ids are texts, for JSON numbers cannot hold them."""
    rows = [{name: str(value) if name in IDS else value for name, value in row.items()} for row in part]
    return json.dumps({"messages": rows}).encode()


def _told(answer: httpx.Response, part: Sequence[Row]) -> list[Result]:
    """What a gateway's answer says of each message: of those that it does not name, what its status says of all."""
    reason = f"{answer.status_code} {answer.text[:200]}".strip()
    if answer.is_success:
        named = _named(answer)
        results = {result.event_id: result for result in _all(part, "taken", "accepted", None)}
        return list((results | {one: told for one, told in named.items() if one in results}).values())
    if answer.status_code in NOT_NOW or answer.is_server_error:
        return _all(part, "deferred", "deferred", reason)
    return _all(part, "refused", "rejected", reason)


def _named(answer: httpx.Response) -> dict[int, Result]:
    try:
        rows = answer.json()["messages"]
        return {int(row["event_id"]): _result(row) for row in rows}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _result(row: Mapping[str, Any]) -> Result:
    outcome = row.get("outcome", "taken")
    outcome = outcome if outcome in _OUTCOMES else "taken"
    texts = [None if row.get(name) is None else str(row[name]) for name in ("reason", "provider_message_id")]
    return Result(int(row["event_id"]), outcome, _OUTCOMES[outcome], *texts)


def _all(part: Sequence[Row], outcome: str, kind: str | None, reason: str | None) -> list[Result]:
    return [Result(row["event_id"], outcome, kind, reason) for row in part]


def _key(variable: str) -> bytes | None:
    """The signing key; none where the variable is not set."""
    secret = os.environ.get(variable)
    if not secret:
        return None
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise SenderUnavailableError(f"{variable} is no key in Base64, as in whsec_...") from error


def _signed(call_id: str, now: datetime, body: bytes, key: bytes | None) -> dict[str, str]:
    """Headers as Standard Webhooks has them: the id lets the gateway know a call again, the signature who calls."""
    head = {"webhook-id": call_id, "webhook-timestamp": str(int(now.timestamp()))}
    if key is None:
        return head
    text = f"{call_id}.{head['webhook-timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return {**head, "webhook-signature": f"v1,{signature}"}
