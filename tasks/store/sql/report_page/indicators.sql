-- What thresholds judge of the real-time queue of each account over a period: a row per account that has any.
with timed as (
    select
        *,
        greatest(created_at, scheduled_at) as entered_at,
        entered_at >= $from_at and entered_at < $to_at as came_in,
        status = 'sent' and processed_at >= $from_at and processed_at < $to_at as went_out
    from event
    where queue = 'rt' and ($account::varchar is null or account = $account)
),

counted as (
    select
        account,
        count(*) filter (came_in) as incoming,
        count(*) filter (went_out) as outgoing,
        100.0 * count(*) filter (
            came_in and status in ('not_taken_into_account', 'expired', 'delivery_failed', 'ignored')
        ) / nullif(count(*) filter (came_in), 0) as error_rate_percent,
        count(*) filter (went_out) / nullif((epoch_us($to_at) - epoch_us($from_at)) / 3.6e9, 0) as outgoing_per_hour,
        avg(epoch_us(processing_at) - epoch_us(entered_at)) filter (went_out) / 1e6 as average_queue_seconds,
        avg(epoch_us(processed_at) - epoch_us(processing_at)) filter (went_out) / 1e6 as average_sending_seconds,
        avg(epoch_us(processed_at) - epoch_us(entered_at)) filter (went_out) / 1e6 as average_processing_seconds
    from timed
    group by account
)

select counted.*, length.max_queued, length.min_queued, length.average_queued
from counted
left join queue_length_between($from_at, $to_at) as length on length.account = counted.account and length.queue = 'rt'
order by counted.account
