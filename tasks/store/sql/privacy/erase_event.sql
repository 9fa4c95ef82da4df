-- Events about an address: without any address and data; what was not handed over is not sent. Frames: erased (event_id).
update event set
    status = case when {waits} then 'expired' else status end,
    reason = case when {waits} then 'erased' else regexp_replace(regexp_replace(reason, $pattern, $replacement, 'gi'), $pattern, $replacement, 'gi') end,
    next_try_at = case when {waits} then null else next_try_at end,
    event_key = case when regexp_matches(event_key, $pattern, 'i') then 'erased-' || event_id else event_key end,
    email = null,
    mobile_phone = null,
    registration_token = null,
    external_id = null,
    ctx = '{{}}',
    change_seq = {change_seq}
where {owner} and event_id in (select erased.event_id from erased)
