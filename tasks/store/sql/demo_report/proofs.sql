-- The proof of completeness per account and table: days, rows on both sides, whether all days are equal.
select
    account,
    table_name,
    count(*) as days,
    sum(source_rows)::bigint as source_rows,
    sum(archived_rows)::bigint as archived_rows,
    bool_and(equal) as equal
from archive_proof
group by all
order by account, table_name
