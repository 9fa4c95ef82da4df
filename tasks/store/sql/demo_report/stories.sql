-- Chosen events. Parameters: keys, a list of event keys.
select
    event.account,
    event.event_key,
    event.event_id::varchar as event_id,
    event.queue,
    event.event_type,
    event.channel,
    event.language,
    coalesce(event.email, event.mobile_phone, event.registration_token) as address,
    event.source_file,
    event.created_at,
    event.scheduled_at,
    event.expires_at,
    event.received_at,
    event.processing_at,
    event.processed_at,
    event.status,
    event.reason,
    event.template_id,
    event.error_count
from event
where event.event_key in (select unnest($keys::varchar[]))
order by event.account, event.event_key
