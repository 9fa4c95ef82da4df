-- Received log rows that are not stored yet, each once, with the event they belong to where it is known.
-- Frames: received (DeliveryLogRow with rank).
with keyed as (
    select
        line,
        log_key(event_id, provider_message_id, recipient, kind, logged_at, source_id) as log_key
    from received
),

first_of_key as (
    select log_key, min(line) as line
    from keyed
    where log_key not in (
        select log_key from delivery_log where logged_at between $first_at::timestamptz and $last_at::timestamptz
    )
    group by log_key
),

new_row as (
    select received.*, first_of_key.log_key
    from first_of_key
    join received on received.line = first_of_key.line
),

message as (
    select provider_message_id, min(event_id) as event_id
    from delivery_log
    where
        event_id is not null
        and provider_message_id in (select provider_message_id from new_row where event_id is null)
    group by provider_message_id
),

resolved as (
    select new_row.* replace (coalesce(new_row.event_id, message.event_id) as event_id)
    from new_row
    left join message on message.provider_message_id = new_row.provider_message_id
)

select resolved.*, event.delivery_id, event.event_id is not null as event_known
from resolved
left join event
    on event.event_id = resolved.event_id
    and event.event_id between (select min(event_id) from resolved) and (select max(event_id) from resolved)
order by resolved.line
