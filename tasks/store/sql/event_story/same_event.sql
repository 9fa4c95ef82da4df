-- The event that an id stands for: its own, or the one that it was answered for as a copy.
select coalesce(
    (select event_key.event_id from duplicate_event join event_key using (event_key)
     where duplicate_event.event_id = $event_id limit 1),
    $event_id
) as event_id
