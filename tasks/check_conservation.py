"""After every flow: is every event that was ever accepted still accounted for?"""

import polars as pl

from tasks.stage import stage
from tasks.store.connection import StoreFile
from tasks.store.conservation import balance, events_by_status


class ConservationError(RuntimeError):
    """Events, or rows of a file, are unaccounted for."""


@stage
def check_conservation(store: StoreFile) -> pl.DataFrame:
    """Counts events by `queue`, `status` and `reason`.

    Raises:
        ConservationError: The counts do not add up to what was accepted.
    """
    counted = balance(store)
    if not counted.holds:
        raise ConservationError(
            f"{store.path.name}: {counted}. Events are unaccounted for: stop the flows of this account, "
            "keep a copy of the store and its ledger (table ingested_file), and report it."
        )
    return events_by_status(store)
