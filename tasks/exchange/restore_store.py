"""What the border knows of an account that its restored store does not: hand-overs, and files that were taken in."""

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.restore_store import SendersRecord, SentMessage
from tasks.exchange.inbox import content_hash
from tasks.exchange.sending.hand_over_journal import journal_results

JOURNAL_SUFFIX = ".journal.ndjson"


def senders_record(outbox: Path, settled: Collection[str], settled_in_outbox: Collection[str]) -> SendersRecord:
    """What manifests and journals tell of batches.

    Args:
        outbox: The folder of the account's senders.
        settled: Batches of which the store knows all.
        settled_in_outbox: Those of them whose manifests must be there.
    """
    manifests = {path.stem: path for path in sorted(outbox.glob("*.json"))}
    complete = all(batch in manifests for batch in settled_in_outbox)
    sent = [SentMessage.create_empty()]
    for batch_id, path in manifests.items():
        if batch_id not in settled:
            messages = _manifest(path)
            complete = complete and messages is not None
            sent += [messages] if messages is not None else []
    for path in sorted(outbox.glob(f"*{JOURNAL_SUFFIX}")):
        if (batch_id := path.name.removesuffix(JOURNAL_SUFFIX)) not in settled:
            sent += [_journal(path, batch_id)]
    return SendersRecord(SentMessage.validate(pl.concat(sent)), complete)


def files_taken_in(inboxes: Collection[Path]) -> Iterator[tuple[Path, str]]:
    """The files that inboxes have in `done/`, with their content's hash."""
    for inbox in inboxes:
        for path in sorted((inbox / "done").glob("*")):
            if path.is_file():
                yield path, content_hash(path)


def _manifest(path: Path) -> dy.DataFrame[SentMessage] | None:
    """The messages of a batch; None where the manifest does not tell them."""
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        events = told["events"]
        batch = {"batch_id": told["batch_id"], "delivery_id": int(told["delivery_id"])}
        created = datetime.fromisoformat(told["created"])
    except (ValueError, KeyError):
        return None
    rows = pl.DataFrame({"event_id": list(events), "event_key": list(events.values())}).cast(pl.String)
    return SentMessage.validate(
        rows.select(
            pl.col("event_id").cast(pl.Int64),
            "event_key",
            **{name: pl.lit(value) for name, value in batch.items()},
            sender=pl.lit("outbox"),
            outcome=pl.lit("taken"),
            kind=pl.lit("queued"),
            reason=pl.lit(None),
            provider_message_id=pl.lit(None),
            logged_at=pl.lit(created),
        ),
        cast=True,
    )


def _journal(path: Path, batch_id: str) -> dy.DataFrame[SentMessage]:
    results = journal_results(path)
    if results is None:
        return SentMessage.create_empty()
    told = results.with_columns(
        event_key=pl.lit(None),
        batch_id=pl.lit(batch_id),
        delivery_id=pl.lit(int(batch_id.split("-")[1])),
        sender=pl.lit("smtp"),
    )
    return SentMessage.validate(told.select(SentMessage.column_names()), cast=True)
