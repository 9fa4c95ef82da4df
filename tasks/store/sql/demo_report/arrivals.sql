-- Events by the instant of their creation, in bins of five minutes; those created before $from_at count in the first.
select
    time_bucket(interval 5 minutes, greatest(created_at, $from_at::timestamptz)) as bin,
    queue,
    count(*) as events
from event
group by all
order by bin, queue
