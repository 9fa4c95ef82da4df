"""Second chances in the store: which events may have one, and the transaction that makes the new events."""

from collections.abc import Sequence
from datetime import datetime

import dataframely as dy
import polars as pl

from tasks.contracts.child_events import Child
from tasks.contracts.route_events import PendingEvent
from tasks.contracts.vocabulary import Channel, Status
from tasks.store.connection import StoreFile, reading, writing
from tasks.store.local_ids import take_ids


def replayable(
    store: StoreFile,
    *,
    event_type: str | None = None,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
    event_ids: Sequence[int] | None = None,
) -> dy.DataFrame[PendingEvent]:
    """The events not taken into account that were not replayed yet, as if they were pending.

    Args:
        store: The account's store.
        event_type: Of this type; left out: of any.
        from_at: Routed from this instant on.
        to_at: Routed before this instant.
        event_ids: Of these; left out: any.
    """
    ids = None if event_ids is None else list(event_ids)
    with reading(store) as session:
        events = session.frame(
            "child_events/select_replayable", event_type=event_type, from_at=from_at, to_at=to_at, event_ids=ids
        )
    return PendingEvent.validate(events, cast=True)


def recyclable(store: StoreFile, channels: Sequence[Channel], *, since: datetime, now: datetime) -> dy.DataFrame[Child]:
    """The events that failed and may go out again, with the channel for that.

    Args:
        store: The account's store.
        channels: In the order in which they are tried.
        since: Those that failed before are left alone.
        now: Expired ones are left alone too.
    """
    pairs = [(one, other, at) for at, other in enumerate(channels) for one in channels[:at]]
    next_channel = pl.DataFrame(pairs, schema=["channel", "next_channel", "place"], orient="row")
    if not pairs:
        return Child.create_empty()
    with reading(store) as session:
        rows = session.frame("child_events/select_recyclable", {"next_channel": next_channel}, since=since, now=now)
    return Child.validate(rows, cast=True)


def make_children(
    store: StoreFile, children: dy.DataFrame[Child], *, what: str, status: Status, cell_id: int, now: datetime
) -> int:
    """Makes new pending events, in one transaction; an event that changed meanwhile, or has one, gets none.

    Args:
        store: The account's store.
        children: The new events, with their parents.
        what: `replay` or `recycle`: the new events' keys begin with it, so that none is made twice.
        status: What the parents must still be.
        cell_id: The account's cell.
        now: The clock of the run.
    """
    if children.is_empty():
        return 0
    with writing(store, purpose=f"making events: {what}") as session:
        free = session.frame("child_events/select_childless", {"child": children}, status=status)
        still = children.join(free, on="parent_event_id", how="semi", maintain_order="left")
        ids = take_ids(session, "event", still.height, cell_id=cell_id)
        keys = pl.format(f"{what} {{}}", "parent_event_id").alias("event_key")
        child = still.with_columns(pl.col("channel").cast(pl.String), ids.alias("event_id"), keys)
        session.change("child_events/insert_children", {"child": child}, now=now)
        session.change("ingest_events/insert_keys", {"fresh": child.select("event_key", "event_id")}, received_at=now)
        return still.height
