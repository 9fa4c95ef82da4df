-- Real-time queue: seconds queued and with the sender, of the events sent in steps of $seconds.
-- Formulas of processing_time (control migration 0002_reports).
select
    account,
    channel,
    time_bucket(to_seconds($seconds), processed_at, $from_at::timestamptz) as since,
    count(*) as sent,
    sum(epoch_us(processing_at) - epoch_us(greatest(created_at, scheduled_at))) / 1e6 as queuing_seconds,
    sum(epoch_us(processed_at) - epoch_us(processing_at)) / 1e6 as sending_seconds
from event
where
    queue = 'rt'
    and status = 'sent'
    and processed_at >= $from_at
    and processed_at < $to_at
    and ($account::varchar is null or account = $account)
group by all
order by all
