-- The claims of purged events. Frames: chosen (event_id).
delete from hand_over
where event_id between $first_id and $last_id and event_id in (select event_id from chosen)
