"""The one shape of rows as they arrive, whatever their format."""

from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import ReceivedRow

ROW_MAX_BYTES: Final = 2**20
"""A row longer than this is not one message."""
RAW_KEPT_CHARACTERS: Final = 4_096
"""What is kept of a row that is too long."""


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
        problem=pl.when(too_long)
        .then(pl.lit(f"the row is longer than {ROW_MAX_BYTES:,} bytes, the most that one row may have"))
        .otherwise("problem"),
    )
    return ReceivedRow.validate(rows.select(pl.Schema(ReceivedRow).names()), cast=True)
