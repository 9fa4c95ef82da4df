-- What messages to the address were opened with. Frames: erased (event_id).
update tracking_log set user_agent = null, change_seq = {change_seq}
where {owner} and user_agent is not null and event_id in (select erased.event_id from erased)
