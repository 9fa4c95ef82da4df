-- Statuses from logs. Frames: change (StatusChange, sorted by event_id).
update event set
    status = change.status,
    reason = change.reason,
    processed_at = change.processed_at,
    change_seq = nextval('change_seq')
from change
where event.event_id between $first_id and $last_id and event.event_id = change.event_id
