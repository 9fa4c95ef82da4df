-- Events that nothing may be sent for, and why: of an unpublished template, or to an address in quarantine.
-- Frames: deliverables.
select event.event_id, 'template_unpublished' as reason
from event
join delivery using (delivery_id)
where event.event_id between $first_id and $last_id
    and event.event_id in (select event_id from deliverables)
    and delivery.state = 'closed'
union all
select event.event_id, 'quarantined: ' || quarantine.kind
from event
join quarantine
    on quarantine.channel = event.channel
    and quarantine.address = lower(case event.channel
        when 'email' then event.email
        when 'sms' then event.mobile_phone
        else event.registration_token
    end)
where event.event_id between $first_id and $last_id
    and event.event_id in (select event_id from deliverables)
    and quarantine.released_at is null
