-- Whether a batch is claimed, or an event that was not handed over (of one queue or, null, of both) is overdue.
select
    exists (from delivery_batch where state = 'claimed')
    or exists (
        from event
        where status = 'pending_delivery'
            and expires_at <= $now
            and ($queue::varchar is null or queue = $queue)
            and not exists (from hand_over where hand_over.event_id = event.event_id)
    ) as has_remains
