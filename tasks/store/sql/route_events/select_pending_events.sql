-- Pending events of a queue, or (not null) of a window of their creation, without what routing does not read. Of one that was handed over already, before the store
-- was restored, no instant matters any more.
select
    event_id,
    queue,
    event_type,
    channel,
    language,
    reason,
    created_at,
    case when event_id not in (select event_id from handed_over_event) then scheduled_at end as scheduled_at,
    next_try_at,
    case when event_id not in (select event_id from handed_over_event) then expires_at end as expires_at,
    change_seq
from event
where
    status = 'pending'
    and queue = $queue
    and ($from_at::timestamptz is null or created_at >= $from_at)
    and ($to_at::timestamptz is null or created_at < $to_at)
order by event_id
