"""A sender's own record of a batch: what it was about to send, and what became of it, line by line.

An intent is on disk before its message leaves, so whatever the journal does not mention did not leave. An intent
without a result is a message that may have.
"""

import asyncio
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import HAND_OVER_INTERRUPTED, OUTCOMES, HandOver
from tasks.contracts.vocabulary import KINDS


@dataclass(frozen=True)
class Result:
    """What became of one message: a row of `HandOver`."""

    event_id: int
    outcome: str
    kind: str | None
    reason: str | None
    provider_message_id: str | None = None


class Journal:
    """The journal of a batch while it is being sent."""

    def __init__(self, file: int, now: datetime) -> None:
        self._file = file
        self._now = now.isoformat()
        self._written = 0
        self._synced = 0
        self._syncing = asyncio.Lock()

    async def intend(self, event_id: int) -> None:
        """Notes that a message is about to leave; on disk when this returns. Waiting callers share one sync."""
        self._append({"event_id": str(event_id), "at": self._now})
        mine = self._written
        async with self._syncing:
            if self._synced < mine:
                reached = self._written
                await asyncio.to_thread(os.fsync, self._file)
                self._synced = reached

    def note(self, result: Result) -> None:
        """Notes what became of a message. A crash of the machine may lose it, and so make the message unsure."""
        self._append(
            {
                "event_id": str(result.event_id),
                "at": self._now,
                "outcome": result.outcome,
                "kind": result.kind,
                "reason": result.reason,
                "provider_message_id": result.provider_message_id,
            }
        )

    def _append(self, entry: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(entry).encode() + b"\n")
        self._written += 1


@contextmanager
def journal(path: Path, now: datetime) -> Iterator[Journal]:
    """Begins the journal of a batch.

    Raises:
        FileExistsError: A batch of this id was sent before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        yield Journal(file, now)
    finally:
        os.close(file)


def journal_results(path: Path) -> dy.DataFrame[HandOver] | None:
    """What a journal left by a crash says; None where nothing of the batch left."""
    if not path.exists():
        return None
    last: dict[int, dict[str, Any]] = {}
    for line in path.read_bytes().splitlines():
        # A line cut short by the crash: an intent whose message did not leave, or a result that was lost.
        if (entry := _entry(line)) is not None:
            last[int(entry["event_id"])] = entry
    interrupted = {"outcome": "unsure", "kind": "unknown", "reason": HAND_OVER_INTERRUPTED}
    entries = [{**interrupted, **entry, "event_id": event_id} for event_id, entry in last.items()]
    return _frame(entries) if entries else None


def has_damage(path: Path) -> bool:
    """Whether a line that was written whole can no longer be read: whose message it told of, nobody knows.

    The last line may be cut short by a crash: an intent that was not on disk yet, so its message did not leave.
    """
    return path.exists() and any(_entry(line) is None for line in path.read_bytes().split(b"\n")[:-1])


def _entry(line: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is none that a journal writes."""
    try:
        entry = json.loads(line)
        event_id, at = int(entry["event_id"]), datetime.fromisoformat(entry["at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = (entry.get("reason"), entry.get("provider_message_id"))
    known = entry.get("outcome", "unsure") in OUTCOMES and entry.get("kind") in {None, *KINDS}
    whole = known and at.tzinfo and 0 <= event_id < 2**63 and all(isinstance(text, str | None) for text in texts)
    return entry if whole else None


def results_frame(results: Iterable[Result], now: datetime) -> dy.DataFrame[HandOver]:
    """The results of a batch as a frame."""
    return _frame([{**vars(result), "at": now.isoformat()} for result in results])


def _frame(entries: list[dict[str, Any]]) -> dy.DataFrame[HandOver]:
    columns = ("event_id", "outcome", "kind", "reason", "provider_message_id")
    rows = [
        {**{column: entry.get(column) for column in columns}, "logged_at": datetime.fromisoformat(entry["at"])}
        for entry in entries
    ]
    return HandOver.validate(pl.DataFrame(rows, schema=pl.Schema(HandOver)), cast=True)
