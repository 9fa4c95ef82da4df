-- Events whose address nothing may go to, and what put it into quarantine. Frames: deliverables.
select event.event_id, 'quarantined: ' || quarantine.kind as reason
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
