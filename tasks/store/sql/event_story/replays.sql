-- Events made from this one by a replay or by recycling.
select event_id, received_at, channel, status, reason from event where parent_event_id = $event_id order by event_id
