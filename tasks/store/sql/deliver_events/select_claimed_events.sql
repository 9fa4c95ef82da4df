-- The events whose messages a claimed batch holds.
select event_id, delivery_id, channel, email, mobile_phone, registration_token, expires_at, error_count
from event
where event_id in (select event_id from hand_over where batch_id = $batch_id and outcome is null)
order by event_id
