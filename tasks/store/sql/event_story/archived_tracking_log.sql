-- What is archived of its opens and clicks.
select * exclude (change_seq) from tracking_log where event_id = $event_id order by logged_at
