-- Files taken in and what became of their rows, by account, content (event, delivery_log), queue and format.
select
    account,
    content,
    queue,
    format,
    count(*) as files,
    sum(rows)::bigint as rows,
    sum(accepted)::bigint as accepted,
    sum(duplicates)::bigint as duplicates,
    sum(rejected)::bigint as rejected
from ingested_file
group by all
order by account, content, queue, format
