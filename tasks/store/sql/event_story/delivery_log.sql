-- What providers said of the event's message.
select * exclude (change_seq) from delivery_log where event_id = $event_id order by logged_at, rank, kind
