-- Events that left and are not here, or not routed yet. Frames: sent (SentMessage).
insert into handed_over_event (event_key, event_id)
select distinct sent.event_key, sent.event_id
from sent
left join event on event.event_id = sent.event_id
where
    sent.event_key is not null
    and sent.outcome <> 'deferred'
    and (event.status is null or event.status = 'pending')
    and sent.event_id not in (select event_id from handed_over_event)
