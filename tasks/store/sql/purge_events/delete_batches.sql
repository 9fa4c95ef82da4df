-- Batches settled before $before that hold no event any more.
delete from delivery_batch
where
    state <> 'claimed'
    and settled_at < $before::timestamptz
    and batch_id not in (select batch_id from hand_over)
