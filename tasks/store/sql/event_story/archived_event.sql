-- The event as archived.
select * exclude (change_seq) from event where event_id = $event_id
