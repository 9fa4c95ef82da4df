-- Log rows not applied yet, with their event where it is known by now and has left `pending`.
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
)

select resolved.log_key::varchar as log_key, event.event_id, event.delivery_id, event.status, resolved.change_seq
from resolved
left join event
    on event.event_id = resolved.event_id
    and event.status <> 'pending'
    and event.event_id between (select min(event_id) from resolved) and (select max(event_id) from resolved)
order by resolved.change_seq
