"""The two files of a batch in an outbox: its messages, and the manifest by which it is there."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import Message
from tasks.exchange.flush import flush

MESSAGES, MANIFEST = ".parquet", ".json"


@dataclass(frozen=True)
class OutboxBatch:
    """A batch in the folder `outbox`. A file is written under a temporary name, made durable, and then named."""

    outbox: Path
    batch_id: str

    @property
    def manifest(self) -> Path:
        """Its manifest."""
        return self.outbox / f"{self.batch_id}{MANIFEST}"

    def keep_messages(self, messages: dy.DataFrame[Message]) -> None:
        """Has the messages durable; the folder is made where it is missing."""
        self.outbox.mkdir(parents=True, exist_ok=True)
        messages.write_parquet(self._temporary(MESSAGES))
        flush(self._temporary(MESSAGES))

    def keep_manifest(self, messages: dy.DataFrame[Message], *, account: str, created: datetime) -> None:
        """Has a description of the batch durable, whose messages have their name already."""
        content = self._file(MESSAGES).read_bytes()
        description: dict[str, Any] = {
            "batch_id": self.batch_id,
            "account": account,
            "delivery_id": str(messages["delivery_id"][0]),  # as text: a double cannot hold it
            "file": self._file(MESSAGES).name,
            "messages": messages.height,
            "sha256": hashlib.sha256(content).hexdigest(),
            "created": created.isoformat(),
            "events": dict(messages.select(pl.col("event_id").cast(pl.String), "event_key").iter_rows()),
        }
        self._temporary(MANIFEST).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
        flush(self._temporary(MANIFEST))

    def name(self, suffix: str) -> None:
        """Gives a file its name, which is durable once the folder is."""
        self._temporary(suffix).rename(self._file(suffix))

    def clear(self) -> None:
        """Removes all but the manifest."""
        for suffix in (MESSAGES, MANIFEST):
            self._temporary(suffix).unlink(missing_ok=True)
        self._file(MESSAGES).unlink(missing_ok=True)

    def _file(self, suffix: str) -> Path:
        return self.outbox / f"{self.batch_id}{suffix}"

    def _temporary(self, suffix: str) -> Path:
        return self.outbox / f".{self.batch_id}{suffix}.tmp"
