-- Events not handed over whose expiry has passed, of one queue or (null) of both.
select event_id, change_seq
from event
where status = 'pending_delivery'
    and expires_at <= $now
    and ($queue::varchar is null or queue = $queue)
    and not exists (from hand_over where hand_over.event_id = event.event_id)
order by event_id
