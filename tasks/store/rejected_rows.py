"""Rows of files that were no events, or no delivery-log rows."""

from datetime import datetime
from typing import Literal

import polars as pl

from tasks.store.connection import StoreFile, reading

RejectedContent = Literal["event", "delivery_log"]


def newest_rejected(store: StoreFile, content: RejectedContent, *, at: datetime, rows: int) -> pl.DataFrame:
    """`source_file`, `line`, `reason`, `detail`, `raw` of the last rows that a run at this instant rejected."""
    with reading(store) as session:
        return session.frame("rejected_rows/newest", content=content, at=at, rows=rows)
