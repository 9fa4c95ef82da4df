-- The last rows that a run at the instant $at rejected, of events or of delivery logs.
with rejected as (
    select 'event' as content, * exclude queue from rejected_event where rejected_at = $at::timestamptz
    union all by name
    select 'delivery_log' as content, * from rejected_delivery_log where rejected_at = $at::timestamptz
)

select source_file, line, reason, detail, raw
from rejected
where content = $content
order by change_seq desc
limit $rows
