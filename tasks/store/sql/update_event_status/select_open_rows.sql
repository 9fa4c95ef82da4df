-- Log rows not applied yet, with their event where it is known by now and has left `pending`; `purged_event_id` where
-- the ledger of keys has an event that is here no more.
with open_row as (
    select log_key, event_id, provider_message_id, change_seq
    from delivery_log
    where not applied and change_seq > (select change_seq from watermark where name = 'update_event_status')
),

message as (
    select provider_message_id, min(event_id) as event_id
    from delivery_log
    where
        event_id is not null
        and provider_message_id in (select provider_message_id from open_row where event_id is null)
    group by provider_message_id
),

resolved as (
    select open_row.log_key, coalesce(open_row.event_id, message.event_id) as event_id, open_row.change_seq
    from open_row
    left join message on message.provider_message_id = open_row.provider_message_id
),

known as (
    select
        resolved.log_key,
        resolved.change_seq,
        resolved.event_id as told_id,
        event.event_id,
        event.delivery_id,
        event.status
    from resolved
    left join event
        on event.event_id = resolved.event_id
        and event.event_id between (select min(event_id) from resolved) and (select max(event_id) from resolved)
),

purged_event as (
    select event_id
    from event_key
    where
        event_id in (select told_id from known where event_id is null)
        and event_id between
        (select min(told_id) from known where event_id is null)
        and (select max(told_id) from known where event_id is null)
)

select
    known.log_key::varchar as log_key,
    if(known.status <> 'pending', known.event_id, null) as event_id,
    if(known.status <> 'pending', known.delivery_id, null) as delivery_id,
    nullif(known.status, 'pending') as status,
    purged_event.event_id as purged_event_id,
    known.change_seq
from known
left join purged_event on purged_event.event_id = known.told_id and known.event_id is null
order by known.change_seq
