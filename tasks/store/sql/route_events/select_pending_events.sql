-- Pending events of a queue, without what routing does not read.
select
    event_id,
    queue,
    event_type,
    channel,
    language,
    reason,
    created_at,
    scheduled_at,
    next_try_at,
    expires_at,
    change_seq
from event
where status = 'pending' and queue = $queue
order by event_id
