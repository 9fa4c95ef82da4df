-- The longest, the shortest and the average length of queues.
from queue_length_between($from_at::timestamptz, $to_at::timestamptz)
where $account::varchar is null or account = $account
