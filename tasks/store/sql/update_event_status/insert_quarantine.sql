-- Addresses that bounced for good or complained, each once. Frames: applied_row (log_key).
insert into quarantine by name
with told as (
    select
        event.channel,
        lower(coalesce(delivery_log.recipient, event.email, event.mobile_phone, event.registration_token)) as address,
        delivery_log.kind,
        delivery_log.reason,
        delivery_log.event_id,
        delivery_log.logged_at
    from delivery_log
    join applied_row on applied_row.log_key::uuid = delivery_log.log_key
    join event on event.event_id = delivery_log.event_id
    where delivery_log.kind in ('bounced', 'complained')
)

select
    told.channel,
    told.address,
    arg_min(told.kind, (told.logged_at, told.event_id, told.kind)) as kind,
    arg_min(told.reason, (told.logged_at, told.event_id, told.kind)) as reason,
    arg_min(told.event_id, (told.logged_at, told.event_id, told.kind)) as event_id,
    min(told.logged_at) as quarantined_at,
    nextval('change_seq') as change_seq
from told
where not exists (
    from quarantine where quarantine.channel = told.channel and quarantine.address = told.address
)
group by told.channel, told.address
