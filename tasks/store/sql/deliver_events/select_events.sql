-- What messages need of their events, real time first. Frames: deliverables.
select event_id, event_key, delivery_id, queue, event_type, channel, email, mobile_phone, registration_token, language, country,
    external_id, origin, created_at, expires_at, error_count, ctx
from event
where event_id between $first_id and $last_id
    and event_id in (select event_id from deliverables)
order by queue <> 'rt', event_id
