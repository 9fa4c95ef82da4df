"""Messages sent over SMTP to real servers, on this machine."""

import asyncio
import socket
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import dataframely as dy
import mail_servers
import polars as pl
import pytest
import senders_alone
from mail_servers import Script, ScriptedServer, scripted, usual

from tasks.contracts.accounts import SmtpServer
from tasks.contracts.deliver_events import HandOver, Message
from tasks.exchange.demonstration.receiving_server import ReceivingServer
from tasks.exchange.sending.send_smtp import SmtpSender
from tasks.exchange.sending.senders import SenderUnavailableError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True, params=["250 scripted", "250-scripted\r\n250 PIPELINING"], ids=["in turn", "pipelined"])
def greeting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether the scripted servers take several commands at once."""
    monkeypatch.setitem(mail_servers.USUAL, "EHLO", request.param)
    return str(request.param)


def messages(*changes: dict[str, Any]) -> dy.DataFrame[Message]:
    rows = [
        {
            "event_id": number,
            "event_key": str(number),
            "delivery_id": 7,
            "batch_id": "b-1",
            "channel": "email",
            "recipient": f"ann{number}@example.net",
            "sender": None,
            "subject": "Hello",
            "body_text": "text",
            "body_html": None,
            **change,
        }
        for number, change in enumerate(changes, start=1)
    ]
    return Message.validate(pl.DataFrame(rows, schema=pl.Schema(Message)))


def send(
    outbox: Path, batch: dy.DataFrame[Message], script: Script = usual, *, connections: int = 1
) -> tuple[dy.DataFrame[HandOver], ScriptedServer]:
    async def sent() -> tuple[dy.DataFrame[HandOver], ScriptedServer]:
        async with scripted(script) as server:
            settings = SmtpServer(port=server.port, connections=connections, timeout_seconds=10)
            return await senders_alone.send(SmtpSender(outbox, NOW, settings), "b-1", batch), server

    return asyncio.run(sent())


def outcomes(handed_over: dy.DataFrame[HandOver]) -> list[tuple[Any, ...]]:
    return handed_over.sort("event_id").select("event_id", "outcome", "kind", "reason").rows()


def parsed(content: bytes) -> EmailMessage:
    """The message as a mail program shows it."""
    unstuffed = content.replace(b"\r\n..", b"\r\n.")
    message = message_from_bytes(unstuffed.replace(b"\r\n", b"\n"), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_mail_carries_its_event_and_both_bodies(tmp_path: Path) -> None:
    batch = messages(
        {"sender": "Shop <shop@example.org>", "subject": "Grüße 🎁", "body_text": "Grüße", "body_html": "<b>Grüße</b>"}
    )
    handed_over, server = send(tmp_path, batch)
    mail = parsed(server.contents[0])
    assert {name: str(mail[name]) for name in ("From", "To", "Subject", "Date", "Message-ID", "X-Event-ID")} == {
        "From": "Shop <shop@example.org>",
        "To": "ann1@example.net",
        "Subject": "Grüße 🎁",
        "Date": "Mon, 23 Nov 2026 12:00:00 +0000",
        "Message-ID": "<1.b-1@example.org>",
        "X-Event-ID": "1",
    }
    assert mail.get_content_type() == "multipart/alternative"
    assert [(part.get_content_type(), part.get_content().strip()) for part in mail.iter_parts()] == [
        ("text/plain", "Grüße"),
        ("text/html", "<b>Grüße</b>"),
    ]
    assert server.commands[1:3] == ["MAIL FROM:<shop@example.org>", "RCPT TO:<ann1@example.net>"]
    assert handed_over.select("provider_message_id", "logged_at").row(0) == ("1.b-1@example.org", NOW)


TEXTS = [
    ".",
    "..\n.\n.x\n\n.",
    "x" * 5_000,
    "é" * 5_000,
    "a\r\nb\rc\nd",
    "From here\n >quoted\n=41 =\ntrailing \n\t",
    "日本語のテキスト 🎁\n.点",
    "\n\n\nleading lines",
]


def test_any_text_arrives_as_it_was_in_lines_that_servers_take(tmp_path: Path) -> None:
    batch = messages(*({"body_text": text, "body_html": f"<p>{text}</p>"} for text in TEXTS))
    _, server = send(tmp_path, batch)
    for text, content in zip(TEXTS, server.contents, strict=True):
        assert content.isascii()
        assert max(len(line) for line in content.split(b"\r\n")) <= 998
        assert b"\n" not in content.replace(b"\r\n", b"")
        bodies = [part.get_content().replace("\r\n", "\n") for part in parsed(content).iter_parts()]
        unified = text.replace("\r\n", "\n").replace("\r", "\n")
        assert [body.removesuffix("\n") for body in bodies] == [unified.removesuffix("\n"), f"<p>{unified}</p>"]


def test_an_html_mail_alone_is_no_multipart(tmp_path: Path) -> None:
    _, server = send(tmp_path, messages({"body_text": None, "body_html": "<b>x</b>", "subject": None}))
    mail = parsed(server.contents[0])
    assert (mail.get_content_type(), mail.get_content(), mail["Subject"]) == ("text/html", "<b>x</b>\n", "")


@pytest.mark.parametrize(
    ("command", "reply", "outcome", "kind"),
    [
        (".", "250 OK", "taken", "accepted"),
        ("MAIL", "451 4.3.0 try later", "deferred", "deferred"),
        ("MAIL", "550 5.1.8 bad sender address", "refused", "rejected"),
        ("RCPT", "450 4.2.0 greylisted", "deferred", "deferred"),
        ("RCPT", "452 4.2.2 mailbox full", "deferred", "deferred"),
        ("RCPT", "550 5.1.1 no such user", "refused", "bounced"),
        ("RCPT", "550 5.1.10 null MX", "refused", "bounced"),
        ("RCPT", "553 5.1.3 bad address", "refused", "bounced"),
        ("RCPT", "550 5.1.8 sender's domain does not exist", "refused", "rejected"),
        ("RCPT", "550 no such user", "refused", "bounced"),
        ("RCPT", "551 user not local", "refused", "bounced"),
        ("RCPT", "552 too much mail here", "refused", "rejected"),
        ("RCPT", "550 5.7.1 policy", "refused", "rejected"),
        ("RCPT", "554 5.7.1 blocked", "refused", "rejected"),
        ("DATA", "451 4.3.0 no disk", "deferred", "deferred"),
        ("DATA", "554 no valid recipients", "refused", "rejected"),
        (".", "452 4.3.1 no disk", "deferred", "deferred"),
        (".", "550 5.1.1 said too late to be about the recipient alone", "refused", "rejected"),
        (".", "554 5.6.0 looks like spam", "refused", "rejected"),
    ],
)
def test_a_reply_decides(tmp_path: Path, command: str, reply: str, outcome: str, kind: str) -> None:
    def script(asked: str, count: int) -> str:
        return reply if asked == command and count == 0 else usual(asked, count)

    handed_over, server = send(tmp_path, messages({}, {}), script)
    assert outcomes(handed_over) == [(1, outcome, kind, reply), (2, "taken", "accepted", "250 2.0.0 OK")]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("reply", "provider_id"),
    [
        ("250 2.0.0 Ok: queued as 4Bc-12", "4Bc-12"),
        ("250 OK id=1tEx-0001-AB", "1tEx-0001-AB"),
        ("250 Ok 0100018c5d9e2f3a-11-22-000000", "0100018c5d9e2f3a-11-22-000000"),
        ("250 thanks", "1.b-1@localhost"),
    ],
)
def test_the_providers_id_is_the_one_it_tells_else_ours(tmp_path: Path, reply: str, provider_id: str) -> None:
    handed_over, _ = send(tmp_path, messages({}), lambda asked, n: reply if asked == "." else usual(asked, n))
    assert handed_over["provider_message_id"].to_list() == [provider_id]


def test_a_connection_lost_after_the_last_byte_leaves_its_message_unsure_and_only_that(tmp_path: Path) -> None:
    def script(asked: str, count: int) -> str | None:
        return None if asked == "." and count == 1 else usual(asked, count)

    handed_over, server = send(tmp_path, messages({}, {}, {}), script)
    assert outcomes(handed_over) == [
        (1, "taken", "accepted", "250 2.0.0 OK"),
        (2, "unsure", "unknown", "hand-over interrupted"),
        (3, "taken", "accepted", "250 2.0.0 OK"),
    ]
    assert server.connections == 2


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", [None, "421 4.3.2 enough for one connection"])
def test_a_connection_lost_before_is_replaced_as_long_as_each_gets_somewhere(
    tmp_path: Path, command: str, reply: str | None
) -> None:
    def script(asked: str, count: int) -> str | None:
        return reply if asked == command and count == 2 else usual(asked, count)

    handed_over, server = send(tmp_path, messages({}, {}, {}, {}, {}), script)
    assert {row[1] for row in outcomes(handed_over)} == {"taken"}
    assert [parsed(content)["X-Event-ID"] for content in server.contents] == ["1", "2", "3", "4", "5"]
    assert server.connections == 3


def test_messages_that_no_connection_took_are_deferred_without_a_log_row(tmp_path: Path) -> None:
    connections = 0

    def script(asked: str, count: int) -> str | None:
        nonlocal connections
        connections += asked == "CONNECT"
        return None if connections == 2 or (asked, count) == ("MAIL", 1) else usual(asked, count)

    handed_over, _ = send(tmp_path, messages({}, {}, {}), script)
    rows = outcomes(handed_over)
    assert [row[:3] for row in rows] == [(1, "taken", "accepted"), (2, "deferred", None), (3, "deferred", None)]
    assert all(row[3].startswith("127.0.0.1:") for row in rows[1:])


@pytest.mark.parametrize("reply", [None, "421 too busy", "554 go away"])
def test_a_server_that_takes_no_connection_is_unavailable(tmp_path: Path, reply: str | None) -> None:
    with pytest.raises(SenderUnavailableError, match=r"127\.0\.0\.1:\d+: "):
        send(
            tmp_path, messages({}, {}), lambda asked, n: reply if asked == "CONNECT" else usual(asked, n), connections=2
        )
    assert SmtpSender(tmp_path, NOW, SmtpServer()).record("b-1", [1, 2]) is None


def test_a_port_where_nobody_listens_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        sender = SmtpSender(tmp_path, NOW, SmtpServer(port=taken.getsockname()[1]))
        with pytest.raises(SenderUnavailableError):
            asyncio.run(senders_alone.send(sender, "b-1", messages({})))


def test_a_server_that_hangs_up_on_the_first_message_is_unavailable_and_the_message_did_not_leave(
    tmp_path: Path,
) -> None:
    with pytest.raises(SenderUnavailableError):
        send(tmp_path, messages({}), lambda asked, n: None if asked == "RCPT" else usual(asked, n))


def test_what_is_no_mail_is_refused_and_the_mails_go(tmp_path: Path) -> None:
    handed_over, server = send(tmp_path, messages({"channel": "sms", "recipient": "+49151"}, {}))
    assert outcomes(handed_over)[0] == (1, "refused", "failed", "the smtp sender takes mail only, not sms")
    assert [parsed(content)["X-Event-ID"] for content in server.contents] == ["2"]


@pytest.mark.parametrize(
    "change",
    [
        {"recipient": "no address"},
        {"recipient": "a@b>\r\nRCPT TO:<c@d"},
        {"recipient": "a b@example.net"},
        {"recipient": "a@"},
        {"recipient": f"a@{'x' * 64}é.net"},
        {"sender": "Shop"},
        {"sender": "a\nb@example.net"},
        {"subject": "two\nlines"},
    ],
)
def test_what_cannot_be_a_mail_costs_only_itself(tmp_path: Path, change: dict[str, Any]) -> None:
    handed_over, server = send(tmp_path, messages(change, {}))
    rows = outcomes(handed_over)
    assert rows[0][:3] == (1, "refused", "failed")
    assert rows[0][3].startswith("cannot be made a mail: ")
    assert rows[1][1] == "taken"
    assert len(server.contents) == 1


def test_addresses_beyond_ascii_go_where_the_server_takes_them(tmp_path: Path) -> None:
    batch = messages({"recipient": "ann@bücher.example"}, {"recipient": "änn@bücher.example"})
    handed_over, server = send(tmp_path / "plain", batch)
    assert [row[1] for row in outcomes(handed_over)] == ["taken", "refused"]
    assert "RCPT TO:<ann@xn--bcher-kva.example>" in server.commands
    both, server = send(
        tmp_path / "utf8",
        batch,
        lambda asked, n: "250-scripted\r\n250 SMTPUTF8" if asked == "EHLO" else usual(asked, n),
    )
    assert [row[1] for row in outcomes(both)] == ["taken", "taken"]
    assert "RCPT TO:<änn@xn--bcher-kva.example>" in server.commands
    assert "To: änn@xn--bcher-kva.example\r\n".encode() in server.contents[1]


def test_a_batch_is_sent_once_ever(tmp_path: Path) -> None:
    send(tmp_path, messages({}))
    with pytest.raises(FileExistsError):
        send(tmp_path, messages({}))


def test_the_record_after_a_crash_is_the_journal(tmp_path: Path) -> None:
    sender = SmtpSender(tmp_path, datetime(2027, 1, 1, tzinfo=UTC), SmtpServer())
    assert sender.record("b-1", [1]) is None
    at = '"at": "2026-11-23T12:00:00+00:00"'
    (tmp_path / "b-1.journal.ndjson").write_text(
        f'{{"event_id": "1", {at}}}\n{{"event_id": "2", {at}}}\n'
        f'{{"event_id": "1", {at}, "outcome": "taken", "kind": "accepted", "reason": "250 OK", '
        '"provider_message_id": "Q1"}\n'
        f'{{"event_id": "3", {at}, "outcome": "deferred", "kind": null, "reason": "lost"}}\n'
        f'{{"event_id": "3", {at}}}\n{{"event_id": "4", {at}'
    )
    record = sender.record("b-1", [1, 2, 3, 4, 5])
    assert record is not None
    assert record.sort("event_id").rows() == [
        (1, "taken", "accepted", "250 OK", "Q1", NOW),
        (2, "unsure", "unknown", "hand-over interrupted", None, NOW),
        (3, "unsure", "unknown", "hand-over interrupted", None, NOW),
    ]


def test_a_journal_with_a_damaged_line_makes_unsure_what_it_does_not_tell_of(tmp_path: Path) -> None:
    sender = SmtpSender(tmp_path, NOW, SmtpServer())
    at = '"at": "2026-11-23T12:00:00+00:00"'
    taken = f'{{"event_id": "1", {at}, "outcome": "taken", "kind": "accepted"}}\n'
    (tmp_path / "b-1.journal.ndjson").write_text(f'{taken}{{"event_\0\0": "2", {at}}}\n{{"event_id": "3", {at}')
    record = sender.record("b-1", [1, 2, 3])
    assert record is not None
    assert dict(record.select("event_id", "outcome").rows()) == {1: "taken", 2: "unsure", 3: "unsure"}
    (tmp_path / "b-1.journal.ndjson").write_text("\0\0\n")
    record = sender.record("b-1", [1, 2])
    assert record is not None
    assert record["outcome"].to_list() == ["unsure", "unsure"]


def test_many_messages_over_several_connections_arrive_once_each_at_a_real_server(tmp_path: Path) -> None:
    changes = [
        {"recipient": f"{local}{number}@example.net"}
        for number, local in enumerate(["ann", "defer+", "unknown+", "policy+", "full+"] * 12)
    ]
    with ReceivingServer(tmp_path / "taken.ndjson") as server:
        settings = SmtpServer(port=server.port, connections=4)
        handed_over = asyncio.run(senders_alone.send(SmtpSender(tmp_path, NOW, settings), "b-1", messages(*changes)))
    assert handed_over.group_by("outcome", "kind").len().sort("outcome", "kind").rows() == [
        ("taken", "accepted", 24),
        ("deferred", "deferred", 12),
        ("refused", "rejected", 12),
        ("refused", "bounced", 12),
    ]
    taken = pl.read_ndjson(tmp_path / "taken.ndjson")
    accepted = handed_over.filter(pl.col("outcome") == "taken")
    assert (
        taken.select(pl.col("event_id").cast(pl.Int64), "provider_message_id")
        .sort("event_id")
        .equals(accepted.select("event_id", "provider_message_id").sort("event_id"))
    )
