-- Addresses that the event's message put into quarantine.
select * exclude (change_seq) from quarantine where event_id = $event_id order by quarantined_at
