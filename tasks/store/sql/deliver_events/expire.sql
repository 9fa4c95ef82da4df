-- Expires the events that are still as they were read. Frames: expirable (sorted by event_id).
update event set
    status = 'expired',
    reason = 'expiration_passed',
    next_try_at = null,
    processed_at = $now::timestamptz,
    change_seq = nextval('change_seq')
from expirable
where event.event_id = expirable.event_id
    and event.event_id between $first_id and $last_id
    and event.status = 'pending_delivery'
    and event.change_seq = expirable.change_seq
