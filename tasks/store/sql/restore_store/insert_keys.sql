-- The keys of events that came back.
insert into event_key by name
select event_key, event_id, received_at
from event
where event_key not in (select event_key from event_key)
order by event_id
