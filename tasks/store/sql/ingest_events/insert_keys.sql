-- The keys of new events. Frames: fresh (event_key, event_id).
insert into event_key by name
select event_key, event_id, $received_at::timestamptz as received_at from fresh order by event_id
