-- What goes counts for its days from now on. Frames: chosen (change_seq).
insert into purged by name
select
    {owned}
    $table_name as table_name,
    {day} as day,
    count(*) as rows,
    $now::timestamptz as purged_at,
    {replays} as replays,
    cast(sum(cast(hash({columns}) as hugeint)) as varchar) as checksum,
    $hashed_as as hashed_as
from {table}
where {owner} and change_seq between $first_seq and $last_seq and change_seq in (select change_seq from chosen)
group by day
