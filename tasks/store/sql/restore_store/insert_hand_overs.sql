-- Events that left, each once. Frames: sent (SentMessage).
insert into hand_over (event_id, batch_id, outcome)
select event_id, min(batch_id), arg_min(outcome, batch_id)
from sent
where outcome <> 'deferred' and not exists (from hand_over where hand_over.event_id = sent.event_id)
group by event_id
order by event_id
