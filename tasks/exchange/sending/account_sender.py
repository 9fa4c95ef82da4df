"""Which sender an account's messages go to."""

from datetime import datetime
from pathlib import Path

from tasks.contracts.accounts import Account
from tasks.exchange.sending.send_outbox import OutboxSender
from tasks.exchange.sending.send_smtp import SmtpSender
from tasks.exchange.sending.send_webhook import WebhookSender
from tasks.exchange.sending.senders import Sender

SENDERS = ("outbox", "smtp", "webhook")


def sender_of(account: Account, outbox: Path, *, now: datetime, name: str | None = None) -> Sender:
    """The account's sender, or the one of its senders called `name`.

    Args:
        account: Whose sender.
        outbox: Where senders of this account keep their files and records.
        now: The instant that whatever the sender learns is logged at.
        name: A sender that a batch was claimed for; null for the one that the account has now.

    Raises:
        ValueError: There is no such sender.
    """
    name = name or account.sender
    if name == "outbox":
        return OutboxSender(outbox, account.name, now)
    if name == "smtp":
        return SmtpSender(outbox, now, account.smtp)
    if name == "webhook":
        return WebhookSender(outbox, now, account.webhook)
    raise ValueError(f"There is no sender '{name}'; choose one of {', '.join(SENDERS)} for account '{account.name}'.")
