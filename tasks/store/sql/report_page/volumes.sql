-- What came in, was sent and failed, by steps of $seconds: events by when they entered the queue, sent ones by when they
-- were sent. Formulas of service_level (control migration 0002_reports).
with moment as (
    select account, channel, 'incoming' as what, greatest(created_at, scheduled_at) as happened_at from event
    union all
    select account, channel, 'sent', processed_at from event where status = 'sent'
    union all
    select account, channel, 'errors', greatest(created_at, scheduled_at)
    from event
    where status in ('not_taken_into_account', 'expired', 'delivery_failed', 'ignored')
)

select
    account,
    channel,
    what,
    time_bucket(to_seconds($seconds), happened_at, $from_at::timestamptz) as since,
    count(*) as events
from moment
where happened_at >= $from_at and happened_at < $to_at and ($account::varchar is null or account = $account)
group by all
order by all
