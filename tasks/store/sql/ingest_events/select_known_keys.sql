-- Keys of the frame `event` that an event already has.
select event_key from event_key where event_key in (select event.event_key from event)
