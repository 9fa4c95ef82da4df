-- The first and the last instant of anything that happened in the period, or (null) at all.
select
    coalesce($from_at::timestamptz, min(least(created_at, received_at))) as from_at,
    coalesce($to_at::timestamptz, greatest(max(received_at), max(processing_at), max(processed_at)) + interval 1 second) as to_at
from event
where $account::varchar is null or account = $account
