"""The receiving server and the delivery log that it writes."""

import smtplib
from collections import Counter
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import polars as pl
import pytest

from tasks.exchange.demonstration.receiving_server import ReceivingServer

BASE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def mail(event_id: int, recipient: str) -> EmailMessage:
    message = EmailMessage()
    message["To"], message["From"] = recipient, "shop@example.org"
    message["X-Event-ID"], message["Message-ID"] = str(event_id), f"<{event_id}@example.org>"
    message.set_content("text")
    return message


def reply(client: smtplib.SMTP, event_id: int, recipient: str) -> str:
    try:
        client.send_message(mail(event_id, recipient))
    except smtplib.SMTPRecipientsRefused as refusal:
        code, text = refusal.recipients[recipient]
        return f"{code} {text.decode()}"
    return "250"


def deliver(tmp_path: Path, recipients: list[str]) -> list[str]:
    with (
        ReceivingServer(tmp_path / "taken.ndjson", tmp_path / "log.ndjson", base=BASE) as server,
        smtplib.SMTP(server.host, server.port, timeout=30) as client,
    ):
        return [reply(client, 3 * 2**56 + number, recipient) for number, recipient in enumerate(recipients)]


def test_it_takes_defers_and_refuses_by_recipient(tmp_path: Path) -> None:
    recipients = ["ann", "defer+a", "defer+a", "defer+b", "unknown+a", "policy+a", "full+a", "bounce+a"]
    replies = deliver(tmp_path, [f"{local}@example.net" for local in recipients])
    assert [text[:9] for text in replies] == [
        "250", "451 4.7.1", "250", "451 4.7.1", "550 5.1.1", "550 5.7.1", "250", "250",
    ]  # fmt: skip
    taken = pl.read_ndjson(tmp_path / "taken.ndjson")
    assert taken["recipient"].to_list() == [f"{recipients[number]}@example.net" for number in (0, 2, 6, 7)]
    assert taken["event_id"][0] == "216172782113783808"


def test_its_log_tells_what_happened_later(tmp_path: Path) -> None:
    deliver(tmp_path, ["ann@example.net", "full+a@example.net", "bounce+a@example.net"])
    log = pl.read_ndjson(tmp_path / "log.ndjson")
    first = log.unique("event_id", keep="first", maintain_order=True)
    assert first["kind"].to_list() == ["delivered", "soft_bounced", "bounced"]
    assert log.columns == [
        "event_id", "provider_message_id", "recipient", "kind", "logged_at", "reason", "source_id",
    ]  # fmt: skip
    assert log.schema["event_id"] == pl.String
    instants = log["logged_at"].str.to_datetime(time_zone="UTC")
    assert instants.min() > BASE
    assert {path.name for path in tmp_path.iterdir()} == {"taken.ndjson", "log.ndjson"}


def test_the_same_messages_have_the_same_log_whatever_their_order(tmp_path: Path) -> None:
    recipients = [f"ann{number}@example.net" for number in range(150)]
    logs = []
    for name, order in (("one", 1), ("two", -1)):
        with ReceivingServer(tmp_path / f"{name}.ndjson", tmp_path / f"{name}-log.ndjson", base=BASE) as server:
            with smtplib.SMTP(server.host, server.port, timeout=30) as client:
                for number, recipient in list(enumerate(recipients))[::order]:
                    client.send_message(mail(number, recipient))
            rows = server.write_log()
        logs.append(pl.read_ndjson(tmp_path / f"{name}-log.ndjson", infer_schema_length=None).sort("event_id", "kind"))
        assert logs[-1].height == rows
    assert logs[0].equals(logs[1])
    kinds = Counter(logs[0]["kind"])
    assert kinds["delivered"] == 150
    assert 40 <= kinds["opened"] <= 95
    assert 0 < kinds["clicked"] < kinds["opened"]


def test_it_says_so_when_it_cannot_listen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with ReceivingServer(tmp_path / "one.ndjson") as server:
        second = ReceivingServer(tmp_path / "two.ndjson", port=server.port)
        with pytest.raises(RuntimeError, match="ended unexpectedly"):
            second.start()
        second.stop()
    assert "in use" in capfd.readouterr().err
