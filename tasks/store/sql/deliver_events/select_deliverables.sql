-- Events with a delivery that no batch holds and whose next try is due, of one queue or (null) of both. Those of paused
-- templates wait.
select event_id, delivery_id, queue, channel
from event
where status = 'pending_delivery'
    and delivery_id is not null
    and (next_try_at is null or next_try_at <= $now)
    and ($queue::varchar is null or queue = $queue)
    and not exists (from hand_over where hand_over.event_id = event.event_id)
    and delivery_id not in (from paused_delivery)
order by event_id
