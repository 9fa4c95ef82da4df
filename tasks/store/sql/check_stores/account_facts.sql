-- Counts of an account's store that should be 0, but for its newest instant and change number.
with handed_over as (
    select distinct event_id from hand_over where outcome is not null
)

select
    (select count(*) - count(distinct event_id) from event) as repeated_event_ids,
    (select count(*) - count(distinct event_key) from event_key) as repeated_event_keys,
    count(*) filter (
        status = 'pending_delivery' and handed_over.event_id is not null and processing_at < $stuck_before::timestamptz
    ) as stuck,
    count(*) filter (
        status = 'pending'
        and reason is distinct from 'template_paused'
        and greatest(received_at, scheduled_at, next_try_at) < $waiting_before::timestamptz
    ) as waiting,
    count(*) filter (status = 'pending' and reason = 'template_paused') as paused,
    count(*) filter (
        status = 'pending_delivery'
        and handed_over.event_id is null
        and greatest(processing_at, next_try_at) < $waiting_before::timestamptz
    ) as not_handed_over,
    (select count(*) from delivery_batch where state = 'claimed') as claimed_batches,
    (
        select count(*)
        from hand_over
        join event as held on held.event_id = hand_over.event_id
        where hand_over.outcome = 'unsure' and held.status in ('pending', 'pending_delivery')
    ) as unsure,
    greatest(
        max(event.received_at),
        (select max(ingested_at) from ingested_file),
        (select max(claimed_at) from delivery_batch)
    ) as newest
from event
left join handed_over on handed_over.event_id = event.event_id
