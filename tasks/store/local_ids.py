"""Global ids: the cell in the high byte, a local count below, one count per kind of id."""

import polars as pl

from tasks.contracts.vocabulary import CELL_SIZE
from tasks.store.connection import Session


def take_ids(session: Session, name: str, count: int, *, cell_id: int) -> pl.Series:
    """Takes `count` new ids of a kind (`event`, `delivery`), ascending, within the session's transaction."""
    session.change("local_ids/take", name=name, count=count)
    last = session.value("local_ids/last", name=name)
    first = cell_id * CELL_SIZE + last - count + 1
    return pl.int_range(first, first + count, dtype=pl.Int64, eager=True)
