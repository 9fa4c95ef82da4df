"""Messages that a source asks for twice."""

from datetime import timedelta

import dataframely as dy

from tasks.contracts.accounts import Account
from tasks.contracts.deliver_events import DeliverableEvent
from tasks.contracts.enrich_events import HeldBackEvent
from tasks.store.connection import StoreFile
from tasks.store.deliver_events import Sources, alike_events
from tasks.transforms.repeated_events import repeated


def repeats(store: StoreFile, account: Account, sources: Sources) -> dy.DataFrame[HeldBackEvent]:
    """The events of a round that repeat one that goes out, where the account asks for that."""
    if account.repeat_window_minutes is None:
        return HeldBackEvent.create_empty()
    window = timedelta(minutes=account.repeat_window_minutes)
    held = sources.held_back.select("event_id")
    sent = DeliverableEvent.validate(sources.events.join(held, on="event_id", how="anti"))
    if sent.is_empty():
        return HeldBackEvent.create_empty()
    return repeated(alike_events(store, sent, window=window), window=window)
