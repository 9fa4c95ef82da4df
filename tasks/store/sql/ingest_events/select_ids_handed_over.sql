-- Ids under which events of the frame were handed over by a state of the store that was lost. Frames: event (event_key).
select event_key, event_id from handed_over_event where event_key in (select event.event_key from event)
