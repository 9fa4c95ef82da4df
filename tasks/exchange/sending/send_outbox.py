"""The sender that needs no server: one Parquet file per batch, for any program to send from.

A batch is there when its manifest is: `<batch_id>.json` is written last. A program that takes batches from
the outbox may move or delete the Parquet file, and leaves the manifest: it is the record that a crashed run is
settled from.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import HandOver, Message
from tasks.exchange.sending.senders import SenderUnavailableError


@dataclass(frozen=True)
class OutboxSender:
    """Writes the batches of an account into the folder `outbox`."""

    outbox: Path
    account: str
    now: datetime
    name: str = "outbox"

    async def send(self, batch_id: str, messages: dy.DataFrame[Message]) -> dy.DataFrame[HandOver]:
        """Writes the batch and then its manifest, each complete or not at all.

        Raises:
            SenderUnavailableError: The folder cannot be written to.
            FileExistsError: The outbox holds another batch of this id.
        """
        if self._manifest(batch_id).exists():
            raise FileExistsError(
                f"{self._manifest(batch_id)} is there already: the outbox belongs to another state of the store. "
                "Move the outbox aside, and deliver again."
            )
        try:
            self.outbox.mkdir(parents=True, exist_ok=True)
            messages.write_parquet(self._temporary(batch_id, ".parquet"))
            content = self._commit(batch_id, ".parquet")
            manifest = self._description(batch_id, messages, content)
            self._temporary(batch_id, ".json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            with suppress(OSError):  # what cannot be removed either says nothing without a manifest
                self._clear(batch_id)
            raise SenderUnavailableError(f"the outbox {self.outbox} cannot be written to: {error}") from error
        self._commit(batch_id, ".json")
        return _taken(messages["event_id"].to_list(), self.now)

    def record(self, batch_id: str, event_ids: Sequence[int]) -> dy.DataFrame[HandOver] | None:
        """All of the batch where its manifest is there; else nothing, and what is left of it is removed."""
        manifest = self._manifest(batch_id)
        if not manifest.exists():
            self._clear(batch_id)
            return None
        created = json.loads(manifest.read_text(encoding="utf-8"))["created"]
        return _taken(event_ids, datetime.fromisoformat(created))

    def forget(self, batch_id: str) -> None:
        """Keeps the batch and its manifest, which belong to whoever sends from the outbox."""

    def records(self) -> list[str]:
        """None: manifests are kept for good."""
        return []

    def _description(self, batch_id: str, messages: dy.DataFrame[Message], content: bytes) -> dict[str, Any]:
        return {
            "batch_id": batch_id,
            "account": self.account,
            "delivery_id": str(messages["delivery_id"][0]),  # as text: a double cannot hold it
            "file": f"{batch_id}.parquet",
            "messages": messages.height,
            "sha256": hashlib.sha256(content).hexdigest(),
            "created": self.now.isoformat(),
            "events": dict(messages.select(pl.col("event_id").cast(pl.String), "event_key").iter_rows()),
        }

    def _commit(self, batch_id: str, suffix: str) -> bytes:
        """Gives the temporary file its name, durably; returns what is in it."""
        temporary = self._temporary(batch_id, suffix)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
            content = file.read()
        temporary.rename(self.outbox / f"{batch_id}{suffix}")
        folder = os.open(self.outbox, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return content

    def _manifest(self, batch_id: str) -> Path:
        return self.outbox / f"{batch_id}.json"

    def _temporary(self, batch_id: str, suffix: str) -> Path:
        return self.outbox / f".{batch_id}{suffix}.tmp"

    def _clear(self, batch_id: str) -> None:
        for suffix in (".parquet", ".json"):
            self._temporary(batch_id, suffix).unlink(missing_ok=True)
        (self.outbox / f"{batch_id}.parquet").unlink(missing_ok=True)


def _taken(event_ids: Sequence[int], logged_at: datetime) -> dy.DataFrame[HandOver]:
    ids = pl.DataFrame({"event_id": pl.Series(event_ids, dtype=pl.Int64)})
    return HandOver.validate(
        ids.select(
            "event_id",
            outcome=pl.lit("taken"),
            kind=pl.lit("queued"),
            reason=pl.lit(None),
            provider_message_id=pl.lit(None),
            logged_at=pl.lit(logged_at),
        ),
        cast=True,
    )
