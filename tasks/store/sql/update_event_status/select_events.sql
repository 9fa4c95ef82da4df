-- The stored outcome of events. Frames: affected (event_id).
select event_id, status, reason, processed_at, change_seq
from event
where event_id between $first_id and $last_id and event_id in (select affected.event_id from affected)
order by event_id
