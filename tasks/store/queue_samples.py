"""How full the queues are, noted over time for the monitoring reports."""

from datetime import datetime

from tasks.store.connection import Session


def sample_queues(session: Session, *, now: datetime) -> None:
    """Notes how many events wait in each queue, once per five minutes, within the session's transaction."""
    session.change("queue_samples/insert", now=now)
