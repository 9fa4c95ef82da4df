-- What goes with events: their claims, and the batches settled before $before that hold no other event.
-- Frames: going (event_id).
select
    (select count(*) from hand_over where event_id in (select event_id from going)) as claims,
    (
        select count(*)
        from delivery_batch
        where
            state <> 'claimed'
            and settled_at < $before::timestamptz
            and batch_id not in (
                select batch_id from hand_over where event_id not in (select event_id from going)
            )
    ) as batches
