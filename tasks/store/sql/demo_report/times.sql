-- Seconds from creation to routing and from routing to outcome of the events sent, by account and queue.
select
    account,
    queue,
    count(*) as events,
    median(epoch_us(processing_at) - epoch_us(greatest(created_at, scheduled_at))) / 1e6 as median_queued,
    median(epoch_us(processed_at) - epoch_us(processing_at)) / 1e6 as median_sending,
    quantile_cont(epoch_us(processed_at) - epoch_us(processing_at), 0.95) / 1e6 as slow_sending
from event
where status = 'sent'
group by all
order by account, queue
