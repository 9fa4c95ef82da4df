-- Rows that could not be events or log rows, by account and reason, with the first of each as an example.
with rejected as (
    select 'event' as content, account, reason, detail, source_file, line, raw from rejected_event
    union all by name
    select 'delivery_log' as content, account, reason, detail, source_file, line, raw from rejected_delivery_log
)

select
    content,
    account,
    reason,
    count(*) as rows,
    first(source_file order by source_file, line) as source_file,
    first(line order by source_file, line) as line,
    first(detail order by source_file, line) as detail,
    first(left(raw, 400) order by source_file, line) as raw
from rejected
group by all
order by content desc, account, rows desc, reason
