"""The one shape of rows as they arrive, whatever their format."""

from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import ReceivedRow
from tasks.exchange.reading.read_errors import UnreadableFileError

ROW_MAX_BYTES: Final = 2**20
"""A row longer than this is not one message."""
TOO_LONG: Final = f"the row is longer than {ROW_MAX_BYTES:,} bytes, the most that one row may have"
RAW_KEPT_CHARACTERS: Final = 4_096
"""What is kept of a row that is too long."""
FEW_ROWS: Final = 1_000
ROW_COST_BYTES: Final = 2**8
"""What a row takes of the limit of its file at least, where there are many: in memory even an empty one takes more."""
LINE_COST_BYTES: Final = 2**5
"""The same of a line, blank ones too."""

MOST_COLUMNS: Final = 4_096


def most_rows(max_bytes: int, cost: int = ROW_COST_BYTES) -> int:
    """How many rows (or lines) a file of at most `max_bytes` may have."""
    return FEW_ROWS + max_bytes // cost


def too_many_rows(name: str, most: int) -> UnreadableFileError:
    """What is said of a file with more rows than fit."""
    return UnreadableFileError(
        f"{name} holds more than {most:,} rows, the most that is read: split it, or raise the limit"
    )


def received_rows(rows: pl.DataFrame) -> dy.DataFrame[ReceivedRow]:
    """Rows in the order of the file; those that are too long are cut and said to be so.

    Args:
        rows: `line`, `raw`, `document` and, where a row could not be read, `problem`.
    """
    if "problem" not in rows.columns:
        rows = rows.with_columns(problem=pl.lit(None, pl.String))
    size = pl.col("raw").str.len_bytes()
    too_long = pl.max_horizontal(size, pl.col("document").str.len_bytes()) > ROW_MAX_BYTES
    cut = pl.format(
        "{} ... (the first {} characters of {} bytes)", pl.col("raw").str.head(RAW_KEPT_CHARACTERS),
        pl.lit(RAW_KEPT_CHARACTERS), size,
    )  # fmt: skip
    rows = rows.with_columns(
        raw=pl.when(too_long).then(cut).otherwise("raw"),
        document=pl.when(pl.col("problem").is_null() & too_long.not_().fill_null(value=True)).then("document"),
        problem=pl.when(too_long).then(pl.lit(TOO_LONG)).otherwise("problem"),
    )
    return ReceivedRow.validate(rows.select(pl.Schema(ReceivedRow).names()), cast=True)
