"""Delivers an account's events in a process of its own, slowly where asked to."""

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.contracts.accounts import Account, SmtpServer
from tasks.contracts.vocabulary import Queue
from tasks.deliver_events import deliver_events
from tasks.exchange.sending import send_smtp
from tasks.settings import Settings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BATCH_MESSAGES = 20


def deliver(home: Path, port: int, *, queue: Queue | None = None, slow_seconds: float = 0) -> None:
    """Delivers by mail; its counts are left in the home.

    Args:
        home: The home of account `alpha`.
        port: The mail server's.
        queue: Of one queue; None: of both.
        slow_seconds: How long it takes over its first messages, whose intent it has noted; it says so in the home.
    """
    transfer, start = send_smtp.transfer, time.monotonic()

    async def slow(*args: Any, **kwargs: Any) -> Any:
        (home / "sending").touch()
        await asyncio.sleep(start + slow_seconds - time.monotonic())
        return await transfer(*args, **kwargs)

    if slow_seconds:
        send_smtp.transfer = slow
    settings = Settings(home=home, lock_wait_seconds=60, batch_messages=BATCH_MESSAGES)
    counts = asyncio.run(deliver_events(settings, account_on(port), now=NOW, queue=queue))
    (home / f"counts-{os.getpid()}.json").write_text(json.dumps(counts))


def account_on(port: int) -> Account:
    """The account that delivers to the mail server at that port, over three connections."""
    return Account(name="alpha", cell_id=3, sender="smtp", smtp=SmtpServer(port=port, connections=3))
