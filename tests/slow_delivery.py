"""Delivers an account's events in a process of its own, slowly where asked to."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks import deliver_events as stage
from tasks.contracts.accounts import Account, SmtpServer
from tasks.exchange.sending.send_smtp import SmtpSender
from tasks.settings import Settings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BATCH_MESSAGES = 20


def deliver(home: Path, port: int, *, slowly: bool) -> None:
    """Delivers by mail; its counts are left in the home.

    Args:
        home: The home of account `alpha`.
        port: The mail server's.
        slowly: Says in the home that it has claimed a batch, and takes its time to send it.
    """
    send = SmtpSender.send

    async def slow(*args: Any, **kwargs: Any) -> Any:
        (home / "claimed").touch()
        await asyncio.sleep(1)
        return await send(*args, **kwargs)

    if slowly:
        SmtpSender.send = slow  # type: ignore[method-assign]
    settings = Settings(home=home, lock_wait_seconds=60, batch_messages=BATCH_MESSAGES)
    account = Account(name="alpha", cell_id=3, sender="smtp", smtp=SmtpServer(port=port, connections=3))
    counts = asyncio.run(stage.deliver_events(settings, account, now=NOW))
    (home / f"counts-{os.getpid()}.json").write_text(json.dumps(counts))
