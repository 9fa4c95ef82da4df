"""Delivers an account's events in a process of its own, and kills it at a point of one's choice.

python deliver_and_die.py HOME SENDER PORT POINT [BATCH_MESSAGES]
"""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks import deliver_events as stage
from tasks.contracts.accounts import Account, SmtpServer
from tasks.exchange.sending import send_smtp
from tasks.exchange.sending.hand_over_journal import Journal
from tasks.exchange.sending.smtp_connection import transfer
from tasks.settings import Settings
from tasks.store import deliver_events as store
from tasks.store.connection import Session

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(
    function: Callable[..., Any], is_it: Callable[..., bool] = lambda *_: True, nth: int = 1
) -> Callable[..., Any]:
    calls = 0

    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += is_it(*args)
        if calls == nth:
            die()
        return function(*args, **kwargs)

    return dying


def after_intent(nth: int) -> Callable[..., Any]:
    calls = 0
    intend = Journal.intend

    async def dying(journal: Journal, event_id: int) -> None:
        nonlocal calls
        await intend(journal, event_id)
        calls += 1
        if calls == nth:
            die()

    return dying


def after_transfer(nth: int) -> Callable[..., Any]:
    calls = 0

    async def dying(*args: Any) -> Any:
        nonlocal calls
        result = await transfer(*args)
        calls += 1
        if calls == nth:
            die()
        return result

    return dying


def dawdling(home: Path) -> Callable[..., Any]:
    """Says in the home that it has claimed a batch, and takes its time to send it."""
    send = stage.send_messages

    async def slow(*args: Any, **kwargs: Any) -> Any:
        (home / "dawdling").touch()
        await asyncio.sleep(1)
        return await send(*args, **kwargs)

    return slow


def named(name: str) -> Callable[..., bool]:
    return lambda _, given, *__: given.endswith(name)


def plant(point: str, home: Path) -> None:
    """Puts the death, or the delay, in its place."""
    plants: dict[str, tuple[Any, str, Callable[..., Any]]] = {
        "before the claim": (store, "claim_batch", before(store.claim_batch)),
        "within the claim": (Session, "change", before(Session.change, named("insert_batch"))),
        "after the claim": (stage, "send_messages", before(stage.send_messages)),
        "before the file has its name": (Path, "rename", before(Path.rename, lambda *to: to[1].suffix == ".parquet")),
        "before the manifest has its name": (Path, "rename", before(Path.rename, lambda *to: to[1].suffix == ".json")),
        "after an intent": (Journal, "intend", after_intent(7)),
        "after a transfer": (send_smtp, "transfer", after_transfer(7)),
        "after a message": (Journal, "note", before(Journal.note, nth=7)),
        "before the confirmation": (stage, "confirm_batch", before(stage.confirm_batch)),
        "within the confirmation": (Session, "change", before(Session.change, named("release_events"))),
        "in the second batch": (stage, "confirm_batch", before(stage.confirm_batch, nth=2)),
        "dawdling": (stage, "send_messages", dawdling(home)),
    }
    if point != "nowhere":
        setattr(*plants[point])


def account(sender: str, port: int) -> Account:
    return Account.model_validate(
        {"name": "alpha", "cell_id": 3, "sender": sender, "smtp": SmtpServer(port=port, connections=3)}
    )


def deliver(home: Path, sender: str, port: int, point: str, batch_messages: int = 20) -> None:
    """Delivers, to whatever end; its counts are left in the home."""
    plant(point, home)
    settings = Settings(home=home, lock_wait_seconds=60, batch_messages=batch_messages)
    counts = asyncio.run(stage.deliver_events(settings, account(sender, port), now=NOW))
    (home / f"counts-{os.getpid()}.json").write_text(json.dumps(counts))
