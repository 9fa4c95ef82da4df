-- Data of other people's events that mention the address. Frames: erased (event_id).
update event set
    ctx = regexp_replace(regexp_replace(ctx::varchar, $pattern, $replacement, 'gi'), $pattern, $replacement, 'gi')::json,
    change_seq = {change_seq}
where
    {owner}
    and regexp_matches(ctx::varchar, $pattern, 'i')
    and event_id not in (select erased.event_id from erased)
