"""The process of the receiving server: takes mail, keeps its record, answers its starter on standard output."""

import argparse
import asyncio
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TextIO

from aiosmtpd.smtp import SMTP, Envelope, Session

TAKE = "250 OK"
REPLIES = {
    "unknown": "550 5.1.1 The email account that you tried to reach does not exist",
    "policy": "550 5.7.1 Message rejected by the recipient's policy",
}
DEFERRAL = "451 4.7.1 Greylisting in action, please come back later"
OPENED, CLICKED, COMPLAINED = 45, 15, 1
"""How many of a hundred delivered messages are opened, clicked in, complained of."""
_RULE = re.compile(r"^(defer|unknown|policy|full|bounce)\+", re.IGNORECASE)


@dataclass
class Mailbox:
    """Decides on recipients, and keeps what it took."""

    record: TextIO
    taken: list[dict[str, str]] = field(default_factory=list)
    deferred: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 # aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Takes, defers or refuses a recipient."""
        rule = rule_of(address)
        if rule == "defer" and address not in self.deferred:
            self.deferred.add(address)
            return DEFERRAL
        if rule in REPLIES:
            return REPLIES[rule]
        envelope.rcpt_tos.append(address)
        return TAKE

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 # as above
        """Takes a message: on record before the reply."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        headers: Message = message_from_bytes(content)
        message_id = str(headers["Message-ID"] or "").strip(" <>\r\n\t")
        queue_id = hashlib.sha256(message_id.encode() or content).hexdigest()[:12].upper()
        for recipient in envelope.rcpt_tos:
            entry = {
                "event_id": str(headers["X-Event-ID"] or ""),
                "message_id": message_id,
                "provider_message_id": queue_id,
                "recipient": recipient,
                "sent_at": _sent_at(headers),
                "bytes": str(len(content)),
            }
            self.record.write(json.dumps(entry) + "\n")
            self.taken.append(entry)
        self.record.flush()
        return f"250 2.0.0 Ok: queued as {queue_id}"


def rule_of(address: str) -> str:
    """The rule that a recipient asks for, or nothing."""
    found = _RULE.match(address)
    return found[1].lower() if found else ""


def later(entry: dict[str, str], base: datetime) -> Iterator[dict[str, Any]]:
    """What happens to a message after it was taken, as rows of a canonical delivery log.

    Instants follow the mail's own date by small offsets, or `base` where it has none.
    """
    base = datetime.fromisoformat(entry["sent_at"]) if entry["sent_at"] else base
    dice = hashlib.sha256(f"{entry['event_id']} {entry['recipient']}".encode()).digest()
    arrival = 1 + dice[0] % 30
    rule = rule_of(entry["recipient"])
    if rule == "bounce":
        yield _row(entry, base, "bounced", arrival, "550 5.1.1 user unknown")
        return
    if rule == "full":
        code = "452 4.2.2" if dice[1] % 2 else "552 5.2.2"
        yield _row(entry, base, "soft_bounced", arrival, f"{code} mailbox full")
        return
    yield _row(entry, base, "delivered", arrival, None)
    if dice[2] % 100 < OPENED:
        read = arrival + 60 + int.from_bytes(dice[3:5]) % 7_200
        yield _row(entry, base, "opened", read, None)
        if dice[5] % 100 < CLICKED:
            yield _row(entry, base, "clicked", read + 1 + dice[6], None)
    if dice[7] % 100 < COMPLAINED:
        yield _row(entry, base, "complained", arrival + 7_200 + dice[8], "abuse report")


def _sent_at(headers: Message) -> str:
    try:
        return parsedate_to_datetime(str(headers["Date"] or "")).astimezone(UTC).isoformat()
    except ValueError:
        return ""


def _row(entry: dict[str, str], base: datetime, kind: str, seconds: int, reason: str | None) -> dict[str, Any]:
    return {
        "event_id": entry["event_id"] or None,
        "provider_message_id": entry["provider_message_id"],
        "recipient": entry["recipient"],
        "kind": kind,
        "logged_at": (base + timedelta(seconds=seconds)).isoformat(),
        "reason": reason,
        "source_id": f"receiving-server {entry['message_id']}",
    }


def write_log(taken: list[dict[str, str]], base: datetime, path: Path) -> int:
    """Writes the delivery log, complete or not at all; returns how many rows it has."""
    rows = [row for entry in taken for row in later(entry, base)]
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    return len(rows)


async def serve(options: argparse.Namespace) -> None:
    """Listens until standard input ends; a line `log` on it asks for the delivery log."""
    options.record.parent.mkdir(parents=True, exist_ok=True)
    with options.record.open("a", encoding="utf-8") as record:
        mailbox = Mailbox(record)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(mailbox, enable_SMTPUTF8=True, hostname="mail.example", loop=loop), options.host, options.port
        )
        _say(server.sockets[0].getsockname()[1])
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip() == "log" and options.log:
                _say(write_log(mailbox.taken, options.base, options.log))
        server.close()
        if options.log:
            write_log(mailbox.taken, options.base, options.log)


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main() -> None:
    """Runs the server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--base", type=datetime.fromisoformat, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
