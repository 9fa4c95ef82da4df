"""The sender that needs no server: one Parquet file per batch, for any program to send from.

A batch is there when its manifest is: `<batch_id>.json` is written last. A program that takes batches from
the outbox may move or delete the Parquet file, and leaves the manifest: it is the record that a crashed run is
settled from.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import accumulate
from pathlib import Path
from typing import Final, cast

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import HandOver, Message
from tasks.exchange.flush import flush
from tasks.exchange.sending.outbox_batch import MANIFEST, MESSAGES, OutboxBatch
from tasks.exchange.sending.senders import Answer, SenderUnavailableError

SYNCS: Final = 8
"""Files that are made durable side by side."""
Step = Callable[[OutboxBatch], None]


@dataclass(frozen=True)
class OutboxSender:
    """Writes the batches of an account into the folder `outbox`."""

    outbox: Path
    account: str
    now: datetime
    name: str = "outbox"
    batch_messages: int = 50_000
    round_messages: int = 100_000

    async def send(self, batches: Mapping[str, dy.DataFrame[Message]]) -> dict[str, Answer]:
        """Writes the files of all batches and makes them durable, and only then does so with their manifests.

        An answer is a `SenderUnavailableError` where the folder cannot be written to, a `FileExistsError` where it
        holds another batch of this id, an `OSError` where the manifest may or may not be there for good.
        """
        found = {batch_id: OutboxBatch(self.outbox, batch_id) for batch_id in batches}
        answers: dict[str, Answer] = {
            batch_id: self._another(batch) for batch_id, batch in found.items() if batch.manifest.exists()
        }
        answers |= self._prepare([batch for batch in found.values() if batch.batch_id not in answers], batches)
        folder = cache(lambda: flush(self.outbox))
        for step in (lambda batch: batch.name(MANIFEST), lambda _: folder()):
            answers |= _failures(step, [batch for batch in found.values() if batch.batch_id not in answers])
        return answers | _all_taken({id_: batch for id_, batch in batches.items() if id_ not in answers}, self.now)

    def record(self, batch_id: str, event_ids: Sequence[int]) -> dy.DataFrame[HandOver] | None:
        """All of the batch where its manifest is there; else nothing, and what is left of it is removed."""
        batch = OutboxBatch(self.outbox, batch_id)
        if not batch.manifest.exists():
            batch.clear()
            return None
        created = json.loads(batch.manifest.read_text(encoding="utf-8"))["created"]
        return _taken(event_ids, datetime.fromisoformat(created))

    def forget(self, batch_id: str) -> None:
        """Keeps the batch and its manifest, which belong to whoever sends from the outbox."""

    def records(self) -> list[str]:
        """None: manifests are kept for good."""
        return []

    def _prepare(
        self, batches: Sequence[OutboxBatch], messages: Mapping[str, dy.DataFrame[Message]]
    ) -> dict[str, SenderUnavailableError]:
        """Has all of the batches durable but the names of their manifests; returns those that it could not be done of.

        Files are written and synced side by side: the disk does then not wait for each.
        """
        folder = cache(lambda: flush(self.outbox))
        steps: tuple[tuple[Step, int], ...] = (
            (lambda batch: batch.keep_messages(messages[batch.batch_id]), SYNCS),
            (lambda batch: batch.name(MESSAGES), 1),
            (lambda _: folder(), 1),
            (
                lambda batch: batch.keep_manifest(messages[batch.batch_id], account=self.account, created=self.now),
                SYNCS,
            ),
        )
        unavailable: dict[str, SenderUnavailableError] = {}
        for step, side_by_side in steps:
            left = [batch for batch in batches if batch.batch_id not in unavailable]
            failures = _failures(step, left, side_by_side=side_by_side)
            unavailable |= {batch_id: self._unavailable(batch_id, error) for batch_id, error in failures.items()}
        return unavailable

    def _unavailable(self, batch_id: str, error: OSError) -> SenderUnavailableError:
        with suppress(OSError):  # what cannot be removed either says nothing without a manifest
            OutboxBatch(self.outbox, batch_id).clear()
        return SenderUnavailableError(f"the outbox {self.outbox} cannot be written to: {error}")

    def _another(self, batch: OutboxBatch) -> FileExistsError:
        return FileExistsError(
            f"{batch.manifest} is there already: the outbox belongs to another state of the store. "
            "Move the outbox aside, and deliver again."
        )


def _failures(step: Step, batches: Sequence[OutboxBatch], *, side_by_side: int = 1) -> dict[str, OSError]:
    """Does a step with each of the batches; returns what went wrong with which."""
    with ThreadPoolExecutor(side_by_side) as threads:
        over = threads.map if side_by_side > 1 else map
        failures = over(partial(_failure, step), batches)
        return {batch.batch_id: error for batch, error in zip(batches, failures, strict=True) if error is not None}


def _failure(step: Step, batch: OutboxBatch) -> OSError | None:
    try:
        step(batch)
    except OSError as error:
        return error
    return None


def _all_taken(batches: Mapping[str, dy.DataFrame[Message]], logged_at: datetime) -> dict[str, dy.DataFrame[HandOver]]:
    """The answer to batches that are there, made at once, for there are many small ones."""
    ids = pl.concat([Message.create_empty(), *batches.values()])["event_id"].to_list()
    parts = accumulate((batch.height for batch in batches.values()), initial=0)
    taken = _taken(ids, logged_at)
    return {
        batch_id: cast("dy.DataFrame[HandOver]", taken.slice(start, batch.height))
        for start, (batch_id, batch) in zip(parts, batches.items(), strict=False)
    }


def _taken(event_ids: Sequence[int], logged_at: datetime) -> dy.DataFrame[HandOver]:
    ids = pl.DataFrame({"event_id": pl.Series(event_ids, dtype=pl.Int64)})
    return HandOver.cast(
        ids.select(
            "event_id",
            outcome=pl.lit("taken"),
            kind=pl.lit("queued"),
            reason=pl.lit(None),
            provider_message_id=pl.lit(None),
            logged_at=pl.lit(logged_at),
        )
    )
