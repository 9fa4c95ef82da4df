-- What providers said of messages to the address. Frames: erased (event_id).
update delivery_log set
    recipient = case
        when regexp_matches(coalesce(recipient, ''), $pattern, 'i') or event_id in (select erased.event_id from erased)
            then null
        else recipient
    end,
    reason = regexp_replace(regexp_replace(reason, $pattern, $replacement, 'gi'), $pattern, $replacement, 'gi'),
    url = regexp_replace(regexp_replace(url, $pattern, $replacement, 'gi'), $pattern, $replacement, 'gi'),
    user_agent = case when event_id in (select erased.event_id from erased) then null else user_agent end,
    change_seq = {change_seq}
where
    {owner}
    and (
        regexp_matches(coalesce(recipient, ''), $pattern, 'i')
        or regexp_matches(coalesce(reason, ''), $pattern, 'i')
        or regexp_matches(coalesce(url, ''), $pattern, 'i')
        or event_id in (select erased.event_id from erased)
    )
