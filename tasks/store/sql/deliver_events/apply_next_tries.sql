-- Counts a failed try, and says when the next is due or that there is none. Frames: next_tries (sorted by event_id).
update event set
    status = next_tries.status,
    reason = next_tries.reason,
    error_count = next_tries.error_count,
    next_try_at = next_tries.next_try_at,
    processed_at = if(next_tries.status = 'expired', $now::timestamptz, null),
    change_seq = nextval('change_seq')
from next_tries
where event.event_id = next_tries.event_id
    and event.event_id between $first_id and $last_id
    and event.status = 'pending_delivery'
    and event.error_count = next_tries.error_count - 1
