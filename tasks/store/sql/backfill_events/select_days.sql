-- How many events of a scope were created on each day. Frames: wanted (event_id), named_file (source_file).
select date_trunc('day', created_at)::timestamptz as day, count(*) as events
from event
where
    ($from_at::timestamptz is null or created_at >= $from_at)
    and ($to_at::timestamptz is null or created_at < $to_at)
    and ($is_by_id = false or event_id in (select event_id from wanted))
    and ($is_by_file = false or source_file in (select source_file from named_file))
group by day
order by day
