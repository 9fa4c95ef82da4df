-- Keys of copies that mention the address.
delete from duplicate_event where regexp_matches(event_key, $pattern, 'i')
