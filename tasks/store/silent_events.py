"""Events that were handed over and that no log speaks of, in the store."""

from datetime import datetime, timedelta

from tasks.store.connection import StoreFile, writing


def give_up(store: StoreFile, *, within: timedelta, rank: int | None, now: datetime) -> int:
    """Gives those handed over longer than `within` ago a log row; returns how many these are.

    Args:
        store: The account's store.
        within: How long a log may take.
        rank: Of the kind `soft_bounced` under the account's policy.
        now: The clock of the run.
    """
    with writing(store, purpose="giving up on messages without an outcome") as session:
        return session.change(
            "silent_events/insert_outcomes", before=now - within, seconds=within.total_seconds(), rank=rank, now=now
        )
