-- A batch: claimed while it has messages to send, confirmed at once where it has none.
insert into delivery_batch (batch_id, delivery_id, sender, state, messages, claimed_at, settled_at)
select $batch_id, $delivery_id, $sender, if($messages > 0, 'claimed', 'confirmed'), $messages, $now,
    if($messages > 0, null, $now)
