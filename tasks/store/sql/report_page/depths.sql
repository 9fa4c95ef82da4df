-- The longest that queues were in steps of $seconds, and how long they were at the end of each. A step in which nothing
-- moved has no row: it is as the one before it ended.
select
    account,
    queue,
    time_bucket(to_seconds($seconds), since, $from_at::timestamptz) as since,
    max(queued) as max_queued,
    arg_max(queued, since) as queued
from queue_depth_between($from_at, $to_at)
where $account::varchar is null or account = $account
group by all
order by all
