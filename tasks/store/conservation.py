"""Nothing is lost: what was accepted is there under some status, what was not has a row that says why."""

from dataclasses import dataclass

import polars as pl

from tasks.store.connection import StoreFile, reading


@dataclass(frozen=True)
class Balance:
    """Events counted from both ends."""

    accepted: int
    stored: int
    purged: int
    unbalanced_files: int
    rejected: int
    rejected_rows: int

    @property
    def holds(self) -> bool:
        """Accepted = stored under some status + purged; rows of each file = accepted + duplicates + rejected."""
        return (
            self.accepted == self.stored + self.purged
            and self.unbalanced_files == 0
            and self.rejected == self.rejected_rows
        )


def balance(store: StoreFile) -> Balance:
    """Counts events from the ledger of files and from the tables."""
    with reading(store) as session:
        ((*counts,),) = session.rows("conservation/select_balance")
    return Balance(*counts)


def events_by_status(store: StoreFile) -> pl.DataFrame:
    """`queue`, `status`, `reason`, `events`; the rarer reasons of a status are one row."""
    with reading(store) as session:
        return session.frame("conservation/count_by_status")
