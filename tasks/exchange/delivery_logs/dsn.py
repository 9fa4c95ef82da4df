"""Mails that tell of mails: delivery status notifications (RFC 3464), complaints (RFC 5965), old bounces.

What is no standard report is left to `flufl.bounce`, which knows how some hundred servers word a bounce.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any, Final

import dataframely as dy
import polars as pl
from flufl.bounce import all_failures

from tasks.contracts.collect_delivery_logs import LogFields

PROVIDER: Final = "dsn"
PROBLEM: Final = "no report of a delivery, and no bounce that is known"
_ACTIONS = {"delayed": "deferred", "delivered": "delivered", "relayed": "accepted", "expanded": "accepted"}
_MBOX = re.compile(rb"(?m)^From [^\n]*\d{4}\r?\n")
_ADDRESS = re.compile(r"[^\s<>;,\"']+@[^\s<>;,\"']+")
_OUR_ENVELOPE = re.compile(r"^\d{1,19}$")
_VERP = re.compile(r"\+(\d{6,19})@")
Row = dict[str, Any]


def dsn_fields(content: bytes, *, received_at: datetime) -> dy.DataFrame[LogFields]:
    """The log rows that a mail, or a mailbox of them, tells.

    Args:
        content: A mail, or many in mbox format.
        received_at: For reports without a date.

    Returns:
        `line` is the number of the mail. A mail that tells nothing is a row with a `problem`.
    """
    rows = [row for number, mail in enumerate(_mails(content), 1) for row in _rows(mail, number, received_at)]
    return LogFields.validate(pl.DataFrame(rows, schema=pl.Schema(LogFields), orient="row"), cast=True)


def _mails(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"From "):
        yield from (mail for mail in _MBOX.split(content) if mail.strip())
    else:
        yield content


def _rows(mail: bytes, number: int, received_at: datetime) -> Iterator[Row]:
    raw = mail.decode(errors="backslashreplace")
    common: Row = dict.fromkeys(LogFields.column_names()) | {"line": number, "provider": PROVIDER}
    try:
        message = message_from_bytes(mail)
        found = list(_reported(message)) or list(_worded(message))
        common |= _about(message, received_at)
    except Exception as error:  # noqa: BLE001 # a mail may be broken in any way, and costs itself only
        yield common | {"raw": raw, "problem": f"the mail cannot be read: {error!r}"}
        return
    if not found:
        yield common | {"raw": raw, "problem": PROBLEM}
    for row in {(row["recipient"], row["kind"]): row for row in reversed(found)}.values():
        yield common | row


def _reported(message: Message) -> Iterator[Row]:
    """What the parts of a report say, recipient by recipient."""
    for part in message.walk():
        blocks = part.get_payload()
        if part.get_content_type() == "message/delivery-status" and isinstance(blocks, list):
            for block in blocks:
                yield from _of_recipient(block)
        elif part.get_content_type() == "message/feedback-report":
            text = part.as_string()
            for address in re.findall(r"(?im)^Original-Rcpt-To:(.*)$", text) or [""]:
                yield {"kind": "complained", "recipient": _address(address), "reason": "feedback report"}


def _of_recipient(block: Any) -> Iterator[Row]:
    recipient = _address(str(block.get("Original-Recipient", ""))) or _address(str(block.get("Final-Recipient", "")))
    action = str(block.get("Action", "")).strip().lower().split(" ")[0]
    if not recipient or not action:
        return
    status = str(block.get("Status", "")).strip()
    reason = " ".join(f"{status} {block.get('Diagnostic-Code', '')}".split()) or None
    if action in _ACTIONS:
        yield {"kind": _ACTIONS[action], "recipient": recipient, "reason": reason}
    elif action in {"failed", "failure"}:
        yield {
            "kind": "soft_bounced" if status.startswith("4") else "bounced",
            "recipient": recipient,
            "reason": reason,
        }


def _worded(message: Message) -> Iterator[Row]:
    """What a bounce without a report says, as `flufl.bounce` reads it."""
    temporary, permanent = all_failures(message)
    for addresses, kind in ((permanent, "bounced"), (temporary - permanent, "deferred")):
        for address in sorted(addresses):
            yield {"kind": kind, "recipient": address.decode(errors="replace")}


def _about(message: Message, received_at: datetime) -> Row:
    """The mail that the report is about: its ids, from what came back of it; and when the report was written."""
    found: Row = {"logged_at": received_at.isoformat(), "source_id": _text(message.get("Message-ID"))}
    with suppress(TypeError, ValueError):
        found["logged_at"] = parsedate_to_datetime(str(message["Date"])).isoformat()
    for part in message.walk():
        if part.get_content_type() in {"message/rfc822", "text/rfc822-headers"} and part is not message:
            returned = part.as_string().partition("\n\n")[2]
            for name, column in (("Message-ID", "provider_message_id"), ("X-Event-ID", "event_id")):
                if told := re.search(rf"(?im)^{name}:\s*<?([^\s<>]+)>?", returned):
                    found[column] = told[1]
    if "event_id" not in found and (event_id := _told_by_us(message)):
        found["event_id"] = event_id
    return found


def _told_by_us(message: Message) -> str | None:
    """Our event id, from the envelope id that we gave, or from the address that the bounce came to (VERP)."""
    envelope_ids = [
        str(block.get("Original-Envelope-Id", ""))
        for part in message.walk()
        if part.get_content_type() == "message/delivery-status" and isinstance(part.get_payload(), list)
        for block in part.get_payload()
        if isinstance(block, Message)
    ]
    ids = [told[0] for text in envelope_ids if (told := _OUR_ENVELOPE.match(text.strip()))]
    addresses = " ".join(str(value) for name in ("To", "Delivered-To") for value in message.get_all(name, []))
    return next(iter([*ids, *_VERP.findall(addresses)]), None)


def _address(text: str) -> str | None:
    found = _ADDRESS.search(text.partition(";")[2] or text)
    return found[0] if found else None


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip()
