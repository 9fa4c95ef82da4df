"""Account stores with rows in every archived table."""

from datetime import UTC, datetime
from typing import Any

from tasks.store.connection import StoreFile, reading, writing

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FIRST_DAY = "timestamptz '2026-11-20 22:00:00+00'"

_FILL = f"""
insert into template by name
select 'order' as template_id, 1 as version, 'order_confirmed' as event_type, 'email' as channel, 0 as priority,
    {FIRST_DAY} as published_at, false as paused, 'Thanks' as subject, 'Hello' as body_text,
    nextval('change_seq') as change_seq
where not exists (from template);

insert into event by name
select $cell * 72057594037927936 + i as event_id, 'key-' || i as event_key, if(i % 2 = 0, 'rt', 'batch') as queue,
    'order_confirmed' as event_type, 'email' as channel, 'it''s' || i || '@example.com' as email,
    '{{"order": ' || i || ', "note": "é€😀"}}' as ctx, {FIRST_DAY} + to_seconds(i * 60) as created_at,
    {FIRST_DAY} + to_seconds(i * 60) as received_at, 'sent' as status, 'order' as template_id, 1 as template_version,
    $cell * 72057594037927936 + 1 as delivery_id, {FIRST_DAY} + to_seconds(i * 60 + 2) as processing_at,
    {FIRST_DAY} + to_seconds(i * 60 + 5) as processed_at, 'a.ndjson' as source_file,
    nextval('change_seq') as change_seq
from range($first, $first + $events) numbers(i);

insert into delivery_log by name
select md5('log-' || i)::uuid as log_key, $cell * 72057594037927936 + i as event_id,
    $cell * 72057594037927936 + 1 as delivery_id, 'delivered' as kind, 3::smallint as rank,
    {FIRST_DAY} + to_seconds(i * 60 + 5) as logged_at, '250 ok' as reason, true as applied,
    {FIRST_DAY} + to_seconds(i * 60 + 6) as received_at, nextval('change_seq') as change_seq
from range($first, $first + $events) numbers(i);

insert into delivery by name
select $cell * 72057594037927936 + 1 as delivery_id, 'order 2026-11' as label, 'order_confirmed' as event_type,
    'email' as channel, 'rt' as queue, 'order' as template_id, 1 as template_version, date '2026-11-01' as month,
    'open' as state, {FIRST_DAY} as created_at, nextval('change_seq') as change_seq
where not exists (from delivery);

insert into log_message by name
select md5('message-' || $first)::uuid as message_key, 'delivered' as kind, '250 ok ' || $first as text,
    {FIRST_DAY} as first_logged_at, nextval('change_seq') as change_seq;

insert into tracking_url by name
select $first as url_id, 'https://example.com/' || $first as url, nextval('change_seq') as change_seq;

insert into tracking_log by name
select md5('open-' || $first)::uuid as tracking_key, $cell * 72057594037927936 + $first as event_id,
    $first as url_id, 'clicked' as kind, {FIRST_DAY} + to_seconds(90) as logged_at,
    nextval('change_seq') as change_seq;

insert into quarantine by name
select 'email' as channel, 'gone' || $first || '@example.com' as address, 'bounced' as kind,
    {FIRST_DAY} as quarantined_at, nextval('change_seq') as change_seq;

insert into queue_sample by name
select {FIRST_DAY} + to_seconds($first * 300) as sampled_at, 'rt' as queue, 7 as pending, 2 as pending_delivery,
    nextval('change_seq') as change_seq;

insert into rejected_event by name
select 'a.ndjson' as source_file, 'hash-' || $first as content_hash, 'rt' as queue, 3 as line, 'no_type' as reason,
    '{{}}' as raw, {FIRST_DAY} as rejected_at, nextval('change_seq') as change_seq;

insert into rejected_delivery_log by name
select 'l.ndjson' as source_file, 'hash-' || $first as content_hash, 1 as line, 'unparseable' as reason,
    '{{' as raw, {FIRST_DAY} as rejected_at, nextval('change_seq') as change_seq;

insert into ingested_file by name
select 'hash-' || $first as content_hash, 'event' as content, 'rt' as queue, 'a.ndjson' as source_file,
    'ndjson' as format, $events + 1 as rows, $events as accepted, 0 as duplicates, 1 as rejected,
    {FIRST_DAY} as ingested_at, nextval('change_seq') as change_seq;
"""  # noqa: S608


def fill(store: StoreFile, *, events: int, first: int = 0, cell: int = 3) -> None:
    """Puts `events` events a minute apart, with a delivery-log row each, and a row into every other table."""
    values = {"events": events, "first": first, "cell": cell}
    with writing(store, purpose="filling") as session:
        for query in filter(str.strip, _FILL.split(";")):
            used = {name: value for name, value in values.items() if f"${name}" in query}
            session.connection.execute(query, used)


def change(store: StoreFile, *queries: str) -> None:
    """Runs statements on a store in one transaction."""
    with writing(store, purpose="a test") as session:
        for query in queries:
            session.connection.execute(query)


def rows(store: StoreFile, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in a store."""
    with reading(store) as session:
        return session.connection.execute(query).fetchall()
