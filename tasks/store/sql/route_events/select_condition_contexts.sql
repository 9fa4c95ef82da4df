-- What conditions may ask of events. Frames: asking (event_id).
select
    event_id,
    queue,
    event_type,
    channel,
    email,
    mobile_phone,
    registration_token,
    language,
    country,
    external_id,
    origin,
    created_at,
    received_at,
    scheduled_at,
    expires_at,
    ctx
from event
where event_id between $first_id and $last_id and event_id in (select asking.event_id from asking)
order by event_id
