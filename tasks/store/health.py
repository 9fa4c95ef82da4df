"""What a store says of its account's health: one short look under a lock that keeps writers out, nothing changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import dataframely as dy
import duckdb

from tasks.contracts.health import ArchiveFacts, QueueFacts
from tasks.contracts.vocabulary import Queue
from tasks.store.connection import Session, StoreFile
from tasks.store.lock import StoreBusyError, lock
from tasks.store.migrate import pending_migrations
from tasks.store.store_errors import is_in_use, unreadable
from tasks.store.store_facts import looking, tables_of


def queue_facts(store: StoreFile, queue: Queue, *, since: datetime, now: datetime) -> dy.DataFrame[QueueFacts]:
    """What a queue did from `since` to `now`, and how it stands.

    Raises:
        StoreBusyError: Somebody did not leave the store in time.
        StoreUnreadableError: It is damaged, or no store.
        StoreVersionError: It was written by a newer version.
    """
    with _looking(store) as session:
        facts = session.frame("health/queue_facts", queue=queue, since=since, now=now)
    return QueueFacts.validate(facts, cast=True)


def archive_facts(control: StoreFile) -> dy.DataFrame[ArchiveFacts]:
    """How far each account is archived, and how many of its days differ. Errors as for `queue_facts`."""
    with _looking(control) as session:
        return ArchiveFacts.validate(session.frame("health/archive_facts"), cast=True)


@contextmanager
def _looking(store: StoreFile) -> Iterator[Session]:
    alone = lock(store.lock_path, exclusive=False, wait_seconds=store.wait_seconds, purpose="a look at its health")
    try:
        with alone, looking(store.path) as session:
            tables_of(session, store.path)
            pending_migrations(session.connection, store.kind)
            yield session
    except duckdb.Error as error:
        if is_in_use(error):
            raise StoreBusyError(f"{store.path} is open elsewhere, past our lock: {error}") from error
        raise unreadable(store.path, str(error)) from error
