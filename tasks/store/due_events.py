"""Whether the store holds work of a queue that is due, without doing any of it."""

from dataclasses import dataclass
from datetime import datetime

from tasks.contracts.vocabulary import Queue
from tasks.store.connection import StoreFile, reading

Signature = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class DueEvents:
    """What waits in a queue at an instant."""

    due: int
    """Events that can be routed, handed over or expired now."""
    next_at: datetime | None
    """When the next ones can be; null where none wait for an instant."""
    templates_seq: int
    """The last change of the templates."""


def due_events(store: StoreFile, queue: Queue, *, now: datetime, templates_seq: int) -> DueEvents:
    """Looks at the events of a queue.

    Args:
        store: The account's store.
        queue: The queue.
        now: When.
        templates_seq: As of which change of the templates events that wait for one are known to wait.
    """
    with reading(store) as session:
        ((due, next_at, seq),) = session.rows(
            "due_events/select_due", queue=queue, now=now, templates_seq=templates_seq
        )
    return DueEvents(due, next_at, seq)


def signature(store: StoreFile) -> Signature:
    """Differs once anybody has changed the store: its files' numbers, sizes and instants, read without opening it."""
    found = []
    for path in (store.path, store.path.with_name(f"{store.path.name}.wal")):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)
