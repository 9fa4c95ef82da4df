-- Queue $queue from $since to $now. Formulas of service_level and processing_time (control migration 0002_reports).
with
timed as (
    select
        queue,
        status,
        reason,
        processing_at,
        processed_at,
        greatest(created_at, scheduled_at) as entered_at,
        greatest(created_at, scheduled_at) >= $since::timestamptz
        and greatest(created_at, scheduled_at) < $now::timestamptz as came_in,
        status = 'sent'
        and processed_at >= $since::timestamptz
        and processed_at < $now::timestamptz as went_out,
        status = 'pending'
        and reason is distinct from 'template_paused'
        and greatest(received_at, scheduled_at, next_try_at) <= $now::timestamptz as is_due,
        greatest(received_at, scheduled_at, next_try_at) as due_at
    from event
    where
        status = 'pending'
        or processed_at >= $since::timestamptz
        or created_at >= $since::timestamptz
        or scheduled_at >= $since::timestamptz
),
sample as (
    select max(pending) as max_queued, min(pending) as min_queued, avg(pending) as average_queued
    from queue_sample
    where queue = $queue and sampled_at >= $since::timestamptz and sampled_at < $now::timestamptz
)

select
    count(*) filter (queue = $queue and status = 'pending') as queued,
    count(*) filter (queue <> $queue and status = 'pending') as other_queued,
    count(*) filter (queue = $queue and is_due and entered_at < $since::timestamptz) as left_over,
    count(*) filter (queue = $queue and came_in) as came_in,
    count(*) filter (queue = $queue and went_out) as went_out,
    count(*) filter (
        queue = $queue
        and came_in
        and status in ('not_taken_into_account', 'expired', 'delivery_failed', 'ignored')
    ) as failed,
    avg(epoch_us(processing_at) - epoch_us(entered_at)) filter (queue = $queue and went_out) / 1e6
        as average_queue_seconds,
    avg(epoch_us(processed_at) - epoch_us(processing_at)) filter (queue = $queue and went_out) / 1e6
        as average_sending_seconds,
    avg(epoch_us(processed_at) - epoch_us(entered_at)) filter (queue = $queue and went_out) / 1e6
        as average_processing_seconds,
    any_value(max_queued) as max_queued,
    any_value(min_queued) as min_queued,
    any_value(average_queued) as average_queued,
    (epoch_us($now::timestamptz) - epoch_us(min(due_at) filter (queue = $queue and is_due))) / 1e6 as oldest_due_seconds,
    (select min(received_at) from event) as first_received_at
from sample
left join timed on true
