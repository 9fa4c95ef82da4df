"""Parquet: each row becomes a JSON object of its columns."""

from contextlib import suppress
from io import BytesIO
from typing import Final

import dataframely as dy
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.contracts.ingest_events import ReceivedRow
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_parquet_values import json_value, text_bytes
from tasks.exchange.reading.read_received import MOST_COLUMNS, most_rows, received_rows, too_many_rows

_SLICE_ROWS: Final = 2**14
_VALUE_BYTES: Final = 2  # no value takes less than this in a document


def parquet_rows(content: bytes, name: str, *, max_bytes: int) -> dy.DataFrame[ReceivedRow]:
    """One row per row of the file, with columns of any type; `line` is the row number.

    Raises:
        UnreadableFileError: Broken, without columns, with too many columns or rows, or larger than `max_bytes` as text.
    """
    _check_size(content, name, max_bytes)
    try:
        frame = _with_text(pl.read_parquet(BytesIO(content)))
        documents = _documents(frame, name, max_bytes)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise UnreadableFileError(f"{name} cannot be read as Parquet: {error}; write it again") from error
    return received_rows(
        documents.to_frame("document").with_columns(line=pl.int_range(1, pl.len() + 1), raw=pl.col("document"))
    )


def _check_size(content: bytes, name: str, max_bytes: int) -> None:
    """What the file says of itself, before anything is unpacked."""
    try:
        said = pq.read_metadata(BytesIO(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFileError(f"{name} cannot be read as Parquet: {error}; write it again, whole") from error
    if not said.num_columns:
        raise UnreadableFileError(f"{name} has no columns; write one per field")
    if said.num_columns > MOST_COLUMNS:
        raise UnreadableFileError(
            f"{name} has {said.num_columns:,} columns, {MOST_COLUMNS:,} at most are read; leave some out"
        )
    groups = [said.row_group(number) for number in range(said.num_row_groups)]
    values = sum(group.column(column).num_values for group in groups for column in range(group.num_columns))
    if max(sum(group.total_byte_size for group in groups), values * _VALUE_BYTES) > max_bytes:
        raise _too_large(name, max_bytes)
    if said.num_rows > most_rows(max_bytes):
        raise too_many_rows(name, most_rows(max_bytes))


def _with_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of bytes that are UTF-8 throughout, as some writers mark no text, become text."""
    for column in [column for column, dtype in frame.schema.items() if dtype == pl.Binary]:
        with suppress(pl.exceptions.ComputeError):
            frame = frame.with_columns(frame[column].cast(pl.String))
    return frame


def _documents(frame: pl.DataFrame, name: str, max_bytes: int) -> pl.Series:
    """A JSON object per row, made slice by slice so that a file that grows too large is noticed in time."""
    if sum(text_bytes(column) for column in frame.get_columns()) > max_bytes:
        raise _too_large(name, max_bytes)
    values = [json_value(pl.col(column), dtype).alias(column) for column, dtype in frame.schema.items()]
    parts = [pl.Series("document", dtype=pl.String)]
    size = 0
    for part in frame.iter_slices(_SLICE_ROWS):
        documents = part.select(document=pl.struct(values).struct.json_encode()).to_series()
        size += int(documents.str.len_bytes().cast(pl.Int64).sum())
        if size > max_bytes:
            raise _too_large(name, max_bytes)
        parts.append(documents)
    return pl.concat(parts)


def _too_large(name: str, max_bytes: int) -> UnreadableFileError:
    return UnreadableFileError(
        f"{name} holds more than {max_bytes:,} bytes uncompressed, the most that is read: split it, or raise the limit"
    )
