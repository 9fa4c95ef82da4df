-- Batches: claimed while they have messages to send, confirmed at once where they have none.
-- Frames: claimed (batch_id, delivery_id, messages).
insert into delivery_batch (batch_id, delivery_id, sender, state, messages, claimed_at, settled_at)
select batch_id, delivery_id, $sender, if(messages > 0, 'claimed', 'confirmed'), messages, $now,
    if(messages > 0, null, $now)
from claimed
