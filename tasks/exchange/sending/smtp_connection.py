"""One message over one SMTP connection, and what can become of it."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress

from aiosmtplib import SMTP, SMTPException, SMTPHeloError

from tasks.contracts.accounts import SmtpServer
from tasks.contracts.deliver_events import HAND_OVER_INTERRUPTED
from tasks.exchange.sending.compose_mail import Mail
from tasks.exchange.sending.hand_over_journal import Result
from tasks.exchange.sending.smtp_dialogue import REFUSAL, Dialogue, ServerReply
from tasks.exchange.sending.smtp_replies import Reply, result_of

SERVICE_CLOSING = 421
START_INPUT = 354
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")


class NotSentError(ConnectionError):
    """The connection was lost before a message went out, or the server closes it."""


async def connected(server: SmtpServer) -> Dialogue:
    """A connection ready for mail, encrypted where the server offers it.

    Raises:
        NotSentError: There is none to be had.
    """
    client = SMTP(
        hostname=server.host,
        port=server.port,
        timeout=server.timeout_seconds,
        use_tls=server.tls == "implicit",
        start_tls={"opportunistic": None, "required": True}.get(server.tls, False),
        validate_certs=server.tls != "opportunistic",
        cert_bundle=str(server.ca_file) if server.ca_file else None,
        username=server.username,
        password=_password(server),
    )
    try:
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await _greeted(client)
        return Dialogue(client)
    except (SMTPException, OSError, ValueError) as error:
        client.close()
        raise NotSentError(f"{server.host}:{server.port}: {_said(error)}") from error


async def transfer(dialogue: Dialogue, mail: Mail, notify: Sequence[str] = ()) -> Result:
    """Sends a message.

    Args:
        dialogue: The connection.
        mail: The message.
        notify: What to be told of by mail: `failure`, `delay`, `success`.

    Returns:
        What the server said, or `unsure` where the connection was lost between the message's last byte and the reply.

    Raises:
        NotSentError: The message did not leave; another connection may try.
    """
    if mail.utf8_address and not dialogue.takes_utf8:
        return Result(mail.event_id, "refused", "failed", "the server takes no addresses beyond ASCII (SMTPUTF8)")
    try:
        reply = await _envelope(dialogue, mail, notify)
    except OSError as error:
        dialogue.close()
        raise NotSentError(_said(error)) from error
    if reply is None:
        try:
            reply = _reply("DATA", await dialogue.tell(_lines(mail.content)))
        except OSError:
            dialogue.close()
            return Result(mail.event_id, "unsure", "unknown", HAND_OVER_INTERRUPTED)
    elif reply.code == SERVICE_CLOSING:
        dialogue.close()
        raise NotSentError(reply.reason)
    elif dialogue.is_open:
        await _reset(dialogue)
    return result_of(mail.event_id, reply, mail.message_id)


async def leave(dialogue: Dialogue) -> None:
    """Ends a connection politely, if it still stands."""
    with suppress(OSError):
        if dialogue.is_open:
            await dialogue.ask(b"QUIT")
    dialogue.close()


async def _greeted(client: SMTP) -> None:
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


def _password(server: SmtpServer) -> str | None:
    if server.username is None:
        return None
    password = os.environ.get(server.password_variable)
    if password is None:
        raise NotSentError(f"{server.password_variable} is not set: it holds the password of {server.username}")
    return password


async def _envelope(dialogue: Dialogue, mail: Mail, notify: Sequence[str]) -> Reply | None:
    """Up to the server's readiness for the message; the reply that stands against it, if any."""
    options, wishes = (" SMTPUTF8" if mail.utf8_address else ""), ""
    if notify and dialogue.takes_dsn:
        options += f" RET=HDRS ENVID={mail.event_id}"
        wishes = f" NOTIFY={','.join(notify).upper()}"
    sender = f"MAIL FROM:<{mail.envelope_sender}>{options}"
    replies = await dialogue.ask(sender.encode(), f"RCPT TO:<{mail.recipient}>{wishes}".encode(), b"DATA")
    for command, answer in zip(("MAIL", "RCPT"), replies, strict=False):
        if answer.code >= REFUSAL:
            if replies[-1].code == START_INPUT:  # it waits for a message that it has no recipient of
                await dialogue.tell(b".\r\n")
            return _reply(command, answer)
    return None if replies[-1].code == START_INPUT else _reply("DATA", replies[-1])


def _reply(command: str, answer: ServerReply) -> Reply:
    return Reply(command, answer.code, answer.text)


def _lines(content: bytes) -> bytes:
    """A message as it goes over the line, its end included."""
    lines = _LEADING_DOT.sub(b"..", _LINE_END.sub(b"\r\n", content))
    return lines + (b".\r\n" if lines.endswith(b"\r\n") else b"\r\n.\r\n")


async def _reset(dialogue: Dialogue) -> None:
    try:
        await dialogue.ask(b"RSET")
    except OSError:
        dialogue.close()


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
