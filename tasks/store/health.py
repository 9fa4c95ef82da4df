"""What a store says of its account's health: one short look under a lock that keeps writers out, nothing changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import dataframely as dy

from tasks.contracts.health import ArchiveFacts, QueueFacts
from tasks.contracts.vocabulary import Queue
from tasks.store.connection import Session, StoreFile
from tasks.store.migrate import pending_migrations
from tasks.store.store_facts import looking_in_turn, tables_of


def queue_facts(store: StoreFile, queue: Queue, *, since: datetime, now: datetime) -> dy.DataFrame[QueueFacts]:
    """What a queue did from `since` to `now`, and how it stands.

    Raises:
        StoreBusyError: Somebody did not leave the store in time.
        StoreUnreadableError: It is damaged, or no store.
        StoreVersionError: It was written by a newer version.
    """
    with _looking(store) as session:
        facts = session.frame("health/queue_facts", queue=queue, since=since, now=now)
        last_change_seq = session.value("store_facts/last_change_seq")
    return QueueFacts.validate(facts.with_columns(last_change_seq=last_change_seq), cast=True)


def archive_facts(control: StoreFile) -> dy.DataFrame[ArchiveFacts]:
    """How far each account is archived, and how many of its days differ. Errors as for `queue_facts`."""
    with _looking(control) as session:
        return ArchiveFacts.validate(session.frame("health/archive_facts"), cast=True)


@contextmanager
def _looking(store: StoreFile) -> Iterator[Session]:
    with looking_in_turn(store, purpose="a look at its health") as session:
        tables_of(session, store.path)
        pending_migrations(session.connection, store.kind)
        yield session
