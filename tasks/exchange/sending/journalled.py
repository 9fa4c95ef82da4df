"""What senders share whose record is a journal per batch."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import HAND_OVER_INTERRUPTED, HandOver
from tasks.exchange.sending.hand_over_journal import Result, has_damage, journal_results, results_frame
from tasks.exchange.sending.senders import Answer

JOURNAL_SUFFIX = ".journal.ndjson"


async def answer(sending: Awaitable[dy.DataFrame[HandOver]]) -> Answer:
    """What became of a batch, or the error over it: whatever that is, it is this batch's alone."""
    try:
        return await sending
    except Exception as error:  # noqa: BLE001 # told to whoever settles the batch
        return error


@dataclass(frozen=True)
class Journalled:
    """Keeps the journals of its batches in the folder `outbox`."""

    outbox: Path
    now: datetime

    def record(self, batch_id: str, event_ids: Sequence[int]) -> dy.DataFrame[HandOver] | None:
        """What the batch's journal says of these events; where it is damaged, those it is silent on are unsure."""
        path = self.journal_path(batch_id)
        told = journal_results(path)
        results = HandOver.create_empty() if told is None else told
        if has_damage(path):
            missing = sorted(set(event_ids) - set(results["event_id"]))
            unsure = [Result(event_id, "unsure", "unknown", HAND_OVER_INTERRUPTED) for event_id in missing]
            results = HandOver.validate(pl.concat([results, results_frame(unsure, self.now)]))
        if results.is_empty():
            return None
        return HandOver.validate(results.filter(pl.col("event_id").is_in(list(event_ids))))

    def forget(self, batch_id: str) -> None:
        """Removes the batch's journal."""
        self.journal_path(batch_id).unlink(missing_ok=True)

    def records(self) -> list[str]:
        """The batches that have a journal."""
        return sorted(path.name.removesuffix(JOURNAL_SUFFIX) for path in self.outbox.glob(f"*{JOURNAL_SUFFIX}"))

    def journal_path(self, batch_id: str) -> Path:
        """Where the batch's journal is."""
        return self.outbox / f"{batch_id}{JOURNAL_SUFFIX}"
