-- Rows and checksum of each day of table $table_name, in the columns that both sides have. A sum, not an exclusive or:
-- a row that is there twice counts twice.
select
    $table_name as table_name,
    {day} as day,
    count(*) as rows,
    cast(sum(cast(hash({columns}) as hugeint)) as varchar) as checksum
from {table}
where {owner} and {within}
group by all
