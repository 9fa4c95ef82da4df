"""The `webhook` sender against a real HTTP server: what it posts, and what becomes of each message."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl
import pytest
import senders_alone
from deliverables import CELL, Event, put_delivery, put_events, select

from tasks.contracts.accounts import Account, WebhookGateway
from tasks.contracts.deliver_events import HandOver, Message
from tasks.deliver_events import deliver_events
from tasks.exchange.intake.signatures import SCHEMES, Webhook, is_signed
from tasks.exchange.sending.send_webhook import WebhookSender
from tasks.exchange.sending.senders import SenderUnavailableError
from tasks.settings import Settings
from tasks.store.connection import StoreFile

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECRET = "whsec_a2V5IG9mIHRoaXMgdGVzdA=="  # noqa: S105 # a test's own


@dataclass
class Gateway:
    """What was posted, and what is answered to it: None cuts the connection."""

    answers: list[tuple[int, Any] | None]
    url: str = ""
    calls: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    @property
    def posted(self) -> list[dict[str, Any]]:
        return [row for _, body in self.calls for row in json.loads(body)["messages"]]


@contextmanager
def gateway(*answers: tuple[int, Any] | None) -> Iterator[Gateway]:
    made = Gateway(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
            answer = made.answers[min(len(made.calls), len(made.answers)) - 1]
            if answer is None:
                self.connection.close()
                return
            status, told = answer
            content = told.encode() if isinstance(told, str) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}/send"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


def messages(count: int) -> dy.DataFrame[Message]:
    rows = [
        {
            "event_id": CELL + n, "event_key": f"k{n}", "delivery_id": 7, "batch_id": "b-1", "channel": "sms",
            "recipient": f"+4915{n}", "sender": None, "subject": None, "body_text": f"text {n}", "body_html": None,
        }
        for n in range(count)
    ]  # fmt: skip
    return Message.validate(pl.DataFrame(rows, schema=pl.Schema(Message)), cast=True)


def send(outbox: Path, given: Gateway, count: int, **options: Any) -> list[tuple[Any, ...]]:
    sender = WebhookSender(outbox, NOW, WebhookGateway(url=given.url, **options))
    told = asyncio.run(senders_alone.send(sender, "b-1", messages(count)))
    assert HandOver.is_valid(told)
    rows = told.with_columns(pl.col("event_id") - CELL).sort("event_id")
    return rows.select("event_id", "outcome", "kind", "reason", "provider_message_id").rows()


def test_messages_are_posted_some_at_a_time_each_once_and_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESSAGE_CENTER_WEBHOOK_SECRET", SECRET)
    with gateway((200, {})) as given:
        results = send(tmp_path, given, 7, messages_per_call=3, connections=2)
    assert results == [(n, "taken", "accepted", None, None) for n in range(7)]
    assert sorted(row["event_id"] for row in given.posted) == [str(CELL + n) for n in range(7)]
    assert sorted(headers["webhook-id"] for headers, _ in given.calls) == ["b-1-0", "b-1-1", "b-1-2"]
    assert {row["body_text"] for row in given.posted} == {f"text {n}" for n in range(7)}
    assert "ahasend" in SCHEMES  # which signs as Standard Webhooks has it, and so do we
    for headers, body in given.calls:
        assert is_signed("ahasend", Webhook("", headers, body, {}), SECRET)
        assert not is_signed("ahasend", Webhook("", headers, body + b" ", {}), SECRET)


def test_a_gateway_may_answer_for_each_message(tmp_path: Path) -> None:
    told = [
        {"event_id": str(CELL), "provider_message_id": "p-0"},
        {"event_id": str(CELL + 1), "outcome": "refused", "reason": "no such number"},
        {"event_id": str(CELL + 2), "outcome": "deferred", "reason": "later"},
        {"event_id": "999", "outcome": "refused"},
    ]
    with gateway((202, {"messages": told})) as given:
        results = send(tmp_path, given, 4)
    assert results == [
        (0, "taken", "accepted", None, "p-0"),
        (1, "refused", "rejected", "no such number", None),
        (2, "deferred", "deferred", "later", None),
        (3, "taken", "accepted", None, None),
    ]


@pytest.mark.parametrize(
    ("answer", "outcome", "kind"),
    [
        ((200, "not JSON"), "taken", "accepted"),
        ((200, {"messages": [{"event_id": "x"}]}), "taken", "accepted"),
        ((200, {"messages": 7}), "taken", "accepted"),
        ((400, "bad"), "refused", "rejected"),
        ((401, "who are you"), "refused", "rejected"),
        ((429, "slowly"), "deferred", "deferred"),
        ((503, "down"), "deferred", "deferred"),
        (None, "unsure", "unknown"),
    ],
)
def test_an_answer_decides(tmp_path: Path, answer: tuple[int, Any] | None, outcome: str, kind: str) -> None:
    with gateway(answer) as given:
        ((_, *told),) = send(tmp_path, given, 1)
    assert told[:2] == [outcome, kind]


def test_a_gateway_that_nobody_runs_is_unavailable_and_nothing_left(tmp_path: Path) -> None:
    with gateway((200, {})) as given:
        pass
    for url in (given.url, ""):
        sender = WebhookSender(tmp_path / str(len(url)), NOW, WebhookGateway(url=url))
        with pytest.raises(SenderUnavailableError):
            asyncio.run(senders_alone.send(sender, "b-1", messages(2)))


def test_a_call_that_was_cut_off_is_unsure_to_the_next_run_too(tmp_path: Path) -> None:
    with gateway((200, {}), None) as given:
        send(tmp_path, given, 2, messages_per_call=1, connections=1)
        sender = WebhookSender(tmp_path, NOW, WebhookGateway(url=given.url))
    recorded = sender.record("b-1", [CELL, CELL + 1])
    assert recorded is not None
    assert sorted(recorded["outcome"]) == ["taken", "unsure"]
    assert sender.records() == ["b-1"]


def test_channels_may_have_senders_of_their_own(settings: Settings, store: StoreFile) -> None:
    put_delivery(store)
    put_delivery(store, number=2, channel="sms")
    put_events(store, [Event(1), Event(2, channel="sms", mobile_phone="+49151", delivery=2)])
    with gateway((200, {})) as given:
        account = Account(
            name="alpha", cell_id=3, channel_senders={"sms": "webhook"}, webhook=WebhookGateway(url=given.url)
        )
        counts = asyncio.run(deliver_events(settings, account, now=NOW))
    assert counts["taken"] == 2
    assert [row["channel"] for row in given.posted] == ["sms"]
    assert sorted(select(store, "select sender, state, messages from delivery_batch")) == [
        ("outbox", "confirmed", 1),
        ("webhook", "confirmed", 1),
    ]
