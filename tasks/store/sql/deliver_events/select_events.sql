-- What messages need of their events, real time first, and why nothing may go to their address. Frames: deliverables.
with quarantined as (select channel, address, kind from quarantine where released_at is null)

select event.event_id, event_key, delivery_id, queue, event_type, event.channel, email, mobile_phone, registration_token, language, country,
    external_id, origin, created_at, expires_at, error_count, ctx, quarantined.kind as quarantined_for
from event
left join quarantined
    on quarantined.channel = event.channel
    and quarantined.address = lower(case event.channel
        when 'email' then event.email
        when 'sms' then event.mobile_phone
        else event.registration_token
    end)
where event.event_id between $first_id and $last_id
    and event.event_id in (select event_id from deliverables)
order by queue <> 'rt', event.event_id
