"""A provider for demonstrations: takes the batches of an outbox and tells, bit by bit, what became of each message.

Its logs are as provider logs are: out of order, with copies, with words that nobody knows, with rows about
messages of somebody else, and with broken rows.
"""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Final

import polars as pl

from tasks.exchange.demonstration.demo_files import put
from tasks.exchange.demonstration.provider_histories import COLUMNS, dice, histories

COPIES_IN: Final = 40
"""One log row in so many comes twice."""
STRANGE_IN: Final = 400
"""Of one message in so many the provider says something that nobody knows, or that is about somebody else."""
GARBAGE: Final = (
    b'{"event_id": "17", "kind": "deliv\n<html>502 Bad Gateway</html>\n{"kind": "delivered", "reason": "of what?"}\n'
)


@dataclass(frozen=True)
class ProviderLogs:
    """What was written: rows in all files, copies and broken ones among them."""

    rows: int
    paths: tuple[Path, ...]


def write_provider_logs(outbox: Path, inbox: Path, *, since: datetime | None, until: datetime) -> ProviderLogs:
    """Writes what the provider learnt after `since`, up to `until`, into an inbox for delivery logs.

    Args:
        outbox: Batches with their manifests.
        inbox: Where the logs go: NDJSON, CSV, Parquet and compressed NDJSON.
        since: The instant of the last call; None: all.
        until: The clock of the call.
    """
    rows = histories(sent_messages(outbox)).filter(pl.col("logged_at") <= until)
    if since:
        rows = rows.filter(pl.col("logged_at") > since)
    if rows.is_empty():
        return ProviderLogs(0, ())
    told = _as_told(rows)
    size = ceil(told.height / len(FORMATS))
    parts = zip(FORMATS.items(), told.iter_slices(size), strict=False)
    paths = tuple(put(inbox / f"provider-{until:%H%M}{suffix}", write(part)) for (suffix, write), part in parts)
    return ProviderLogs(told.height + GARBAGE.count(b"\n"), paths)


def write_server_log(log: Path, inbox: Path, *, since: datetime | None, until: datetime) -> list[Path]:
    """Hands in what the log of a receiving server says of the time after `since`, up to `until`."""
    logged_at = pl.col("logged_at").str.to_datetime(time_unit="us", time_zone="UTC")
    rows = pl.read_ndjson(log, infer_schema_length=None).filter(logged_at <= until)
    if since:
        rows = rows.filter(logged_at > since)
    return [] if rows.is_empty() else [put(inbox / f"server-{until:%H%M}.ndjson", _ndjson(rows))]


def sent_messages(outbox: Path) -> pl.DataFrame:
    """The messages of all finished batches: `event_id`, `batch_id`, `channel`, `recipient`, `sent_at`."""
    manifests = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(outbox.glob("*.json"))]
    columns = ("event_id", "batch_id", "channel", "recipient")
    batches = [
        pl.read_parquet(outbox / manifest["file"], columns=list(columns)).select(
            "event_id",
            "batch_id",
            pl.col("channel").cast(pl.String),
            "recipient",
            sent_at=pl.lit(datetime.fromisoformat(manifest["created"])),
        )
        for manifest in manifests
    ]
    return (
        pl.concat(batches) if batches else pl.DataFrame(schema={**dict.fromkeys(columns, pl.String), "sent_at": None})
    )


def _as_told(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows as they arrive: shuffled, some twice, some strange; instants as text."""
    order = pl.Series(
        [dice(f"{event} {kind}") for event, kind in rows.select("event_id", "kind").iter_rows()], dtype=pl.UInt64
    )
    drawn = rows.with_columns(pl.col("logged_at").dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ"), order=order)
    strange = drawn.filter(pl.col("order") % STRANGE_IN == 0)
    return (
        pl.concat(
            [
                drawn,
                drawn.filter(pl.col("order") % COPIES_IN == 0).with_columns(pl.col("order") // 3),
                strange.with_columns(kind=pl.lit("rendered")),
                strange.with_columns(
                    event_id=pl.lit(None, pl.String), provider_message_id=pl.format("else-{}", "order")
                ),
            ]
        )
        .sort("order", maintain_order=True)
        .select(COLUMNS)
    )


def _ndjson(rows: pl.DataFrame) -> bytes:
    content = BytesIO()
    rows.write_ndjson(content)
    return content.getvalue()


def _parquet(rows: pl.DataFrame) -> bytes:
    content = BytesIO()
    rows.write_parquet(content)
    return content.getvalue()


FORMATS: Final[Mapping[str, Callable[[pl.DataFrame], bytes]]] = {
    ".ndjson": lambda rows: _ndjson(rows) + GARBAGE,
    ".csv": lambda rows: rows.write_csv().encode(),
    ".parquet": _parquet,
    ".ndjson.gz": lambda rows: gzip.compress(_ndjson(rows), compresslevel=1, mtime=0),
}
