-- The batches that held the event, first claimed first.
select hand_over.event_id, batch_id, outcome, delivery_id, sender, state, messages, claimed_at, settled_at
from hand_over left join delivery_batch using (batch_id)
where hand_over.event_id = $event_id
order by claimed_at, batch_id
