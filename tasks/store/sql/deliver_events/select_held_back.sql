-- Events that nothing may be sent for, and why: of an unpublished template, or to an address in quarantine.
-- Frames: deliverables.
with waiting as (
    select event_id, delivery_id, channel, email, mobile_phone, registration_token
    from event
    where event_id between $first_id and $last_id and event_id in (select event_id from deliverables)
),

held_back as (
    select waiting.event_id, 'template_unpublished' as reason, 1 as place
    from waiting
    join delivery on delivery.delivery_id = waiting.delivery_id
    where delivery.state = 'closed'
    union all
    select waiting.event_id, 'quarantined: ' || quarantine.kind, 2
    from waiting
    join quarantine
        on quarantine.channel = waiting.channel
        and quarantine.address = lower(case waiting.channel
            when 'email' then waiting.email
            when 'sms' then waiting.mobile_phone
            else waiting.registration_token
        end)
    where quarantine.released_at is null
)

select event_id, arg_min(reason, place) as reason from held_back group by event_id
