-- The status and the reason of events. Frames: wanted (event_id).
select event_id, status, reason
from event
where event_id between $first_id and $last_id and event_id in (select event_id from wanted)
order by event_id
