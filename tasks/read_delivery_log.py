"""A delivery log of whatever format, read into the fields of its rows: each row is what it looks like."""

from datetime import datetime
from pathlib import Path
from typing import cast

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import LogFields
from tasks.contracts.ingest_events import ReceivedRow
from tasks.contracts.provider_logs import LOG_FORMATS, LogFormat
from tasks.contracts.providers.known import FORMATS
from tasks.exchange.delivery_logs.text_logs import text_log
from tasks.exchange.intake.spool import provider_of
from tasks.exchange.reading.read_rows import read_rows
from tasks.store.collect_delivery_logs import extract_log_fields
from tasks.store.provider_logs import payload_texts, payloads, recognised
from tasks.transforms.provider_logs import provider_fields


def read_log_fields(
    path: Path, log_format: LogFormat, *, max_bytes: int, received_at: datetime
) -> tuple[str, dy.DataFrame[LogFields]]:
    """The format of the file, and the fields of its rows in their order.

    Raises:
        UnreadableFileError: The file as a whole cannot be read.
    """
    log_format = _told(path, log_format)
    if text := text_log(path, log_format, max_bytes=max_bytes, received_at=received_at):
        return text
    contents = read_rows(path, max_bytes=max_bytes)
    return contents.format, log_fields(contents.rows, log_format, received_at=received_at)


def _told(path: Path, log_format: LogFormat) -> LogFormat:
    """The provider who posted a file, where nothing else is asked for: its payloads need bear no marks."""
    provider = provider_of(path)
    is_known = log_format == "auto" and provider in LOG_FORMATS
    return cast("LogFormat", provider) if is_known else log_format


def log_fields(
    rows: dy.DataFrame[ReceivedRow], log_format: LogFormat, *, received_at: datetime
) -> dy.DataFrame[LogFields]:
    """The fields of rows; a row that packs many payloads gives many.

    Args:
        rows: JSON documents.
        log_format: What they are; `auto`: canonical where they are, else what bears the marks of a provider.
        received_at: For payloads without a time of their own.
    """
    canonical = extract_log_fields(rows)
    if log_format == "canonical":
        return canonical
    is_canonical = pl.col("kind").is_not_null() & pl.any_horizontal(
        pl.col("event_id", "provider_message_id").is_not_null()
    )
    others = canonical if log_format != "auto" else canonical.filter(~is_canonical)
    if others.is_empty():
        return canonical
    documents = payloads(ReceivedRow.validate(rows.join(others, on="line", how="semi", maintain_order="left")))
    if log_format == "auto":
        documents = recognised(documents, list(FORMATS.values()))
    else:
        documents = documents.with_columns(pl.lit(log_format).alias("provider"))
    known = documents.filter(pl.col("provider").is_not_null())
    of_providers = [
        provider_fields(payload_texts(part, FORMATS[str(name)]), FORMATS[str(name)], received_at=received_at)
        for (name,), part in known.partition_by("provider", maintain_order=True, as_dict=True).items()
    ]
    read = documents.select("line").unique()
    kept = canonical.join(read, on="line", how="anti", maintain_order="left")
    found = pl.concat([kept, _unknown(documents), *of_providers]).sort("line", maintain_order=True)
    return LogFields.validate(found)


def _unknown(documents: pl.DataFrame) -> dy.DataFrame[LogFields]:
    """Payloads of nobody, read as canonical rows: what they lack is why they are rejected."""
    unknown = documents.filter(pl.col("provider").is_null())
    received = unknown.select("line", "raw", document="text", problem=pl.lit(None, pl.String))
    return extract_log_fields(ReceivedRow.validate(received))
