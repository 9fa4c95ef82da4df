-- Keys that mention the address.
update event_key set event_key = 'erased-' || event_id where regexp_matches(event_key, $pattern, 'i')
