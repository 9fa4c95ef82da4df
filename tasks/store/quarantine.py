"""Addresses that nothing is sent to, in the store of an account."""

from datetime import datetime

import polars as pl

from tasks.contracts.vocabulary import Channel
from tasks.store.connection import StoreFile, reading, writing


def quarantined(store: StoreFile) -> pl.DataFrame:
    """The addresses in quarantine, the latest first: `channel`, `address`, `kind`, `reason`, `event_id`,
    `quarantined_at`.
    """  # noqa: D205 # the columns are the summary
    with reading(store) as session:
        return session.frame("quarantine/select")


def release(store: StoreFile, address: str, *, channel: Channel | None, now: datetime) -> int:
    """Lets an address be used again; returns on how many channels it could not be."""
    with writing(store, purpose="releasing an address from quarantine") as session:
        return session.change("quarantine/release", address=address, channel=channel, now=now)
