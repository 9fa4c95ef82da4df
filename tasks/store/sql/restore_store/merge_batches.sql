-- Batches that records tell of. Frames: sent (SentMessage).
merge into delivery_batch
using (
    select
        batch_id,
        min(delivery_id) as delivery_id,
        min(sender) as sender,
        count(*) as messages,
        min(logged_at) as at
    from sent
    group by batch_id
) as told
on delivery_batch.batch_id = told.batch_id
when matched and delivery_batch.state = 'claimed' then update set state = 'confirmed', settled_at = told.at
when not matched then insert (batch_id, delivery_id, sender, state, messages, claimed_at, settled_at)
values (told.batch_id, told.delivery_id, told.sender, 'confirmed', told.messages, told.at, told.at)
