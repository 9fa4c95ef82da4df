-- The event in its account's store.
select * exclude (change_seq) from event where event_id = $event_id
