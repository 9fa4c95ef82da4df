-- Ids that were answered for copies of events. Frames: given (event_id, event_key).
insert into duplicate_event by name
select event_id, event_key, $received_at::timestamptz as received_at
from given
where event_id not in (select event_id from event_key)
order by event_id
