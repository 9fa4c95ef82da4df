-- Ids of the frame `given` that an event already has. Frames: given (event_id).
select event_id from event_key where event_id in (select given.event_id from given)
