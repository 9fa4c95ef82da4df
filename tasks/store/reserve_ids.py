"""Ids given out before their events are in the store: the intake service answers with them at once."""

from tasks.store.connection import StoreFile, writing
from tasks.store.local_ids import take_ids


def reserve_event_ids(store: StoreFile, count: int, *, cell_id: int) -> range:
    """Takes ids that nobody else gets; those that are not used are lost, of which there are 2^56 a cell.

    Raises:
        StoreBusyError: Somebody did not leave the store in time.
        StoreUnreadableError, StoreVersionError: The store is damaged, or of another version.
    """
    with writing(store, purpose="reserving event ids for the intake") as session:
        ids = take_ids(session, "event", count, cell_id=cell_id)
    return range(int(ids[0]), int(ids[-1]) + 1)
