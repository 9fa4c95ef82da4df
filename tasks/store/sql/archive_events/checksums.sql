-- Rows and checksum of each day of table $table_name, in the columns that both sides have: of the rows that are here and
-- of those that were purged. A sum, not an exclusive or: a row that is there twice counts twice, and one that went
-- counts on. Sums over other columns, or of another hash, do not add up: such a day is not comparable by checksum.
select
    $table_name as table_name,
    day,
    cast(sum(rows) as bigint) as rows,
    cast(sum(checksum) as varchar) as checksum,
    bool_and(comparable) as comparable
from (
    select {day} as day, count(*) as rows, sum(cast(hash({columns}) as hugeint)) as checksum, true as comparable
    from {table}
    where {owner} and {within}
    group by day
    union all
    select day, rows, cast(checksum as hugeint) as checksum, coalesce(hashed_as = $hashed_as, false) as comparable
    from purged
    where {owner} and table_name = $table_name and ($days::date[] is null or list_contains($days::date[], day))
)
group by day
