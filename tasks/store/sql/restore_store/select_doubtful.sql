-- Events that may have left since the backup, and no record says. What was not due by $now did not.
select
    event_id,
    event_key,
    $batch_id || '-' || coalesce(delivery_id, 0) as batch_id,
    coalesce(delivery_id, 0) as delivery_id,
    $sender as sender,
    'unsure' as outcome,
    'unknown' as kind,
    $reason as reason,
    null as provider_message_id,
    $now::timestamptz as logged_at
from event
where
    status in ('pending', 'pending_delivery')
    and (scheduled_at is null or scheduled_at <= $now)
    and (next_try_at is null or next_try_at <= $now)
    and not exists (from hand_over where hand_over.event_id = event.event_id)
order by event_id
