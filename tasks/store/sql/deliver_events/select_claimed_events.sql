-- The events whose messages claimed batches hold. Frames: batches (batch_id).
select
    event.event_id, hand_over.batch_id, event.delivery_id, event.queue, event.channel, event.email, event.mobile_phone,
    event.registration_token, event.expires_at, event.error_count
from hand_over
join event on event.event_id = hand_over.event_id
where hand_over.batch_id in (select batch_id from batches) and hand_over.outcome is null
order by event.event_id
