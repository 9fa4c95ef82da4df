"""An alert to a webhook, or as a mail. The webhook's address may hold a secret, so nothing here tells it."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Final, Protocol

import aiosmtplib
import httpx

from tasks.contracts.alerts import Alert

SECONDS: Final = 5.0
"""An alert must not keep a run waiting."""


class NotDeliveredError(ConnectionError):
    """An alert did not leave; says why, and nothing that is secret."""


class Channel(Protocol):
    """A way for alerts to leave."""

    async def deliver(self, alert: Alert) -> None:
        """Delivers one.

        Raises:
            NotDeliveredError: It did not leave.
        """


@dataclass(frozen=True, repr=False)
class Webhook:
    """Posts alerts as JSON: `kind`, `account`, `severity`, `text`, `what_to_do`, `run_url`, `at`."""

    address: str

    async def deliver(self, alert: Alert) -> None:
        """Posts one. An answer that sends elsewhere is no delivery."""
        with _unlogged():
            try:
                async with asyncio.timeout(SECONDS), httpx.AsyncClient(timeout=SECONDS) as client:
                    answer = await client.post(self.address, json=alert.model_dump(mode="json", exclude={"key"}))
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
                raise NotDeliveredError(f"webhook: {type(error).__name__}") from None
        if not answer.is_success:
            raise NotDeliveredError(f"webhook: it answered {answer.status_code}")


@dataclass(frozen=True)
class Mail:
    """Sends alerts as mails."""

    to: str
    """One address, or several with commas between."""
    sender: str
    host: str
    port: int

    async def deliver(self, alert: Alert) -> None:
        """Sends one."""
        try:
            async with asyncio.timeout(SECONDS):
                await aiosmtplib.send(composed(alert, self), hostname=self.host, port=self.port, timeout=SECONDS)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise NotDeliveredError(f"mail by {self.host}:{self.port}: {error or type(error).__name__}") from error


def composed(alert: Alert, mail: Mail) -> EmailMessage:
    """The mail of an alert: its subject is what happened."""
    message = EmailMessage()
    message["From"], message["To"] = mail.sender, mail.to
    subject = f"[message-center] {alert.severity}: {alert.text}"
    message["Subject"] = " ".join(subject.split())[:180]
    message["Message-ID"] = make_msgid(domain="message-center")
    message["Date"] = alert.at
    message.set_content(
        f"{alert.text}\n\nWhat to do: {alert.what_to_do}\n\n"
        f"Account: {alert.account or 'all'}\nKind: {alert.kind}\nRun: {alert.run_url}\nAt: {alert.at.isoformat()}\n"
    )
    return message


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keeps the address that is posted to out of the logs, where httpx would write it."""
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
