"""What it takes to bring an older state of a store up to what is known elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dataframely as dy

from tasks.contracts.frame import Frame

IDS_PER_SECOND: Final = 2**20
"""Ids and change numbers go on from this times the seconds of the epoch, or from the highest known: some were given out
after the backup and left no trace, but never so many a second, and a second restoration begins later than the first."""
LOST_IN_RESTORE: Final = "handed over or not: the store was restored from a backup"
"""The reason of a message of which no record says whether it left."""


class SentMessage(Frame):
    """What some record says of an event's hand-over."""

    event_id = dy.Int64()
    event_key = dy.String(nullable=True)  # null: the record does not know it
    batch_id = dy.String()
    delivery_id = dy.Int64()  # 0: none yet
    sender = dy.String()
    outcome = dy.Enum(["taken", "deferred", "refused", "unsure", "not_rendered"])
    kind = dy.String(nullable=True)  # null: nothing to write to the delivery log
    reason = dy.String(nullable=True)
    provider_message_id = dy.String(nullable=True)
    logged_at = dy.Datetime(time_unit="us", time_zone="UTC")


@dataclass(frozen=True)
class SendersRecord:
    """What an outbox folder tells of hand-overs."""

    sent: dy.DataFrame[SentMessage]
    complete: bool
    """False: it lacks manifests of batches that were handed over, or what these say of their events."""


@dataclass(frozen=True)
class ArchivedRows:
    """A table's rows in the archive, as files."""

    columns: tuple[str, ...]
    newer: Path
    """Those changed after the backup, whole."""
    known: Path
    """Key and change number of all."""
    archived_upto: int
    rows: int
    """How many are in `newer`."""


Archived = Mapping[str, ArchivedRows]
"""By the name of the table; empty where the archive has nothing of the account."""
