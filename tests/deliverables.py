"""Events that wait for their hand-over, put straight into an account's store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from tasks.store.connection import StoreFile, reading, writing

CREATED = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
CELL = 3 * 2**56
DELIVERY = CELL + 1


@dataclass(frozen=True)
class Event:
    """A row of `event` as a test cares for it; `number` counts within the cell."""

    number: int
    email: str | None = "ann@example.net"
    ctx: str = '{"name": "Ann"}'
    delivery: int = 1
    queue: str = "batch"
    channel: str = "email"
    mobile_phone: str | None = None
    status: str = "pending_delivery"
    error_count: int = 0
    next_try_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def event_id(self) -> int:
        return CELL + self.number


def put_events(store: StoreFile, events: Sequence[Event]) -> None:
    rows = pl.DataFrame(
        [{**vars(event), "event_id": event.event_id} for event in events],
        schema_overrides={
            "next_try_at": pl.Datetime("us", "UTC"),
            "expires_at": pl.Datetime("us", "UTC"),
            "email": pl.String,
            "mobile_phone": pl.String,
        },
        infer_schema_length=None,
    )
    with writing(store, purpose="test") as session:
        session.connection.register("rows", rows)
        session.connection.execute(
            """
            insert into event by name
            select event_id, number::varchar as event_key, queue, 'order' as event_type, channel, email, mobile_phone,
                ctx::json as ctx, $created as created_at, $created as received_at, expires_at, status, error_count,
                next_try_at, 'confirm' as template_id, delivery as template_version, $cell + delivery as delivery_id,
                $created as processing_at, nextval('change_seq') as change_seq
            from rows order by event_id
            """,
            {"created": CREATED, "cell": CELL},
        )


def put_delivery(
    store: StoreFile,
    *,
    number: int = 1,
    subject: str | None = "Hello {{ name }}",
    body_text: str | None = "Dear {{ ctx.name }}",
    body_html: str | None = None,
    sender: str | None = None,
    channel: str = "email",
    queue: str = "batch",
) -> None:
    """A delivery and its template version, both of the same number."""
    with writing(store, purpose="test") as session:
        session.connection.execute(
            """
            insert into template by name
            select 'confirm' as template_id, $number as version, 'order' as event_type, $channel as channel,
                0 as priority, $created as published_at, false as paused, $subject as subject,
                $body_text as body_text, $body_html as body_html, $sender as sender, nextval('change_seq') as change_seq
            """,
            {
                "number": number,
                "channel": channel,
                "created": CREATED,
                "subject": subject,
                "body_text": body_text,
                "body_html": body_html,
                "sender": sender,
            },
        )
        session.connection.execute(
            """
            insert into delivery by name
            select $cell + $number as delivery_id, 'test' as label, 'order' as event_type, $channel as channel,
                $queue as queue, 'confirm' as template_id, $number as template_version, $created::date as month,
                'open' as state, $created as created_at, nextval('change_seq') as change_seq
            """,
            {"cell": CELL, "number": number, "channel": channel, "queue": queue, "created": CREATED},
        )


def select(store: StoreFile, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query, ids counted within the cell where it says `- {CELL}`."""
    with reading(store) as session:
        return session.connection.execute(query.replace("{CELL}", str(CELL))).fetchall()
