"""A rendered message as the bytes of a mail."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Any

_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
_NO_ADDRESS_CHARACTER = re.compile(r"[\x00-\x20\x7f<>]")
HEADERS_ASCII = SMTP.clone(cte_type="7bit")
HEADERS_UTF8 = SMTPUTF8.clone(cte_type="7bit")


@dataclass(frozen=True)
class Mail:
    """What an SMTP transaction needs of a message."""

    event_id: int
    message_id: str  # without its angle brackets
    envelope_sender: str
    recipient: str
    content: bytes
    utf8_address: bool  # the server must understand SMTPUTF8


def compose(message: dict[str, Any], *, default_sender: str, now: datetime, bounce_address: str | None = None) -> Mail:
    """Makes the mail of a row of `Message`.

    Args:
        message: The row.
        default_sender: The sender where the template names none.
        now: The mail's date.
        bounce_address: Where bounces go, the event's id added (VERP); left out: to the sender.

    Raises:
        ValueError: An address or a header cannot be one.
    """
    try:
        return _composed(message, default_sender, now, bounce_address)
    except (MessageError, LookupError, AttributeError, TypeError) as error:  # the header parser on odd addresses
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _composed(message: dict[str, Any], default_sender: str, now: datetime, bounce_address: str | None) -> Mail:
    named_sender = message["sender"] or default_sender
    if _CONTROL_CHARACTER.search(named_sender):
        raise ValueError(f"the sender {named_sender!r} holds characters that no header may")
    name, address = parseaddr(named_sender)
    sender, recipient = _ascii_domain(address), _ascii_domain(message["recipient"])
    utf8_address = not (sender.isascii() and recipient.isascii())
    message_id = f"{message['event_id']}.{message['batch_id']}@{sender.rpartition('@')[2]}"
    mail = EmailMessage(policy=HEADERS_UTF8 if utf8_address else HEADERS_ASCII)
    mail["From"] = _header_address(sender, name)
    mail["To"] = _header_address(recipient)
    mail["Subject"] = message["subject"] or ""
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message_id}>"
    mail["X-Event-ID"] = str(message["event_id"])
    text, html = message["body_text"], message["body_html"]
    if text is not None:
        mail.set_content(text)
        if html is not None:
            mail.add_alternative(html, subtype="html")
    else:
        mail.set_content(html, subtype="html")
    content = mail.as_bytes()
    _check_headers(content, mail.keys())
    envelope_sender = _returned_to(bounce_address, message["event_id"]) if bounce_address else sender
    return Mail(message["event_id"], message_id, envelope_sender, recipient, content, utf8_address)


def _returned_to(bounce_address: str, event_id: int) -> str:
    local, _, domain = bounce_address.rpartition("@")
    return f"{local}+{event_id}@{domain}"


def _check_headers(content: bytes, names: list[str]) -> None:
    """What the standard library lets pass: a line break within an encoded word, which would begin another header."""
    head = content.partition(b"\r\n\r\n")[0]
    begun = [line.partition(b":")[0].decode("ascii", "replace") for line in head.split(b"\n") if line[:1] not in b" \t"]
    if begun != names or head.count(b"\r") != head.count(b"\r\n"):
        raise ValueError("an address or the subject holds an encoded line break, which no header may")


def _header_address(address: str, name: str = "") -> Address:
    if address.isascii():
        return Address(name, addr_spec=address)
    local, _, domain = address.rpartition("@")  # the parser of whole addresses knows ASCII only
    return Address(name, username=local, domain=domain)


def _ascii_domain(address: str) -> str:
    """The address with its domain as mail servers without SMTPUTF8 know it."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or _NO_ADDRESS_CHARACTER.search(address):
        raise ValueError(f"'{address}' is not a mail address")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
