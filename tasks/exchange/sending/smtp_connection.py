"""One message over one SMTP connection, and what can become of it."""

import os
import re
from collections.abc import Sequence

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException

from tasks.contracts.accounts import SmtpServer
from tasks.contracts.deliver_events import HAND_OVER_INTERRUPTED
from tasks.exchange.sending.compose_mail import Mail
from tasks.exchange.sending.hand_over_journal import Result
from tasks.exchange.sending.smtp_replies import Reply, result_of

SERVICE_CLOSING = 421
START_INPUT = 354
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")


class NotSentError(ConnectionError):
    """The connection was lost before a message went out, or the server closes it."""


async def connected(server: SmtpServer) -> SMTP:
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
    except (SMTPException, OSError, ValueError) as error:
        client.close()
        raise NotSentError(f"{server.host}:{server.port}: {_said(error)}") from error
    return client


async def transfer(client: SMTP, mail: Mail, notify: Sequence[str] = ()) -> Result:
    """Sends a message.

    Args:
        client: The connection.
        mail: The message.
        notify: What to be told of by mail: `failure`, `delay`, `success`.

    Returns:
        What the server said, or `unsure` where the connection was lost between the message's last byte and the reply.

    Raises:
        NotSentError: The message did not leave; another connection may try.
    """
    try:
        if mail.utf8_address and not client.supports_extension("smtputf8"):
            return Result(mail.event_id, "refused", "failed", "the server takes no addresses beyond ASCII (SMTPUTF8)")
        reply = await _envelope(client, mail, notify)
    except (SMTPException, OSError) as error:
        raise NotSentError(_said(error)) from error
    if reply is None:
        try:
            reply = await _content(client, mail.content)
        except (SMTPException, OSError):
            client.close()
            return Result(mail.event_id, "unsure", "unknown", HAND_OVER_INTERRUPTED)
    elif reply.code == SERVICE_CLOSING:
        raise NotSentError(reply.reason)
    elif client.is_connected:
        await _reset(client)
    return result_of(mail.event_id, reply, mail.message_id)


async def leave(client: SMTP) -> None:
    """Ends a connection politely, if it still stands."""
    try:
        await client.quit()
    except (SMTPException, OSError):
        client.close()


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


async def _envelope(client: SMTP, mail: Mail, notify: Sequence[str]) -> Reply | None:
    """Up to the server's readiness for the message; the reply that stands against it, if any."""
    options, encoding = (["SMTPUTF8"], "utf-8") if mail.utf8_address else ([], "ascii")
    wishes: list[str] = []
    if notify and client.supports_extension("dsn"):
        options += ["RET=HDRS", f"ENVID={mail.event_id}"]
        wishes = [f"NOTIFY={','.join(notify).upper()}"]
    command = "MAIL"
    try:
        await client.mail(mail.envelope_sender, options=options, encoding=encoding)
        command = "RCPT"
        await client.rcpt(mail.recipient, options=wishes, encoding=encoding)
    except SMTPResponseException as refusal:
        return Reply(command, refusal.code, refusal.message)
    answer = await client.execute_command(b"DATA")
    return None if answer.code == START_INPUT else Reply("DATA", answer.code, answer.message)


async def _content(client: SMTP, content: bytes) -> Reply:
    lines = _LEADING_DOT.sub(b"..", _LINE_END.sub(b"\r\n", content))
    end = b".\r\n" if lines.endswith(b"\r\n") else b"\r\n.\r\n"
    if client.protocol is None:
        raise ConnectionResetError("the connection is gone")
    client.protocol.write(lines + end)
    answer = await client.protocol.read_response(timeout=client.timeout)
    return Reply("DATA", answer.code, answer.message)


async def _reset(client: SMTP) -> None:
    try:
        await client.rset()
    except (SMTPException, OSError):
        client.close()


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
