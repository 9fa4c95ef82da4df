-- Where slices of $slice_rows rows end among the rows of a table changed after $after, and the rows of each.
select max(change_seq) as upto, count(*) as rows
from (
    select change_seq, (row_number() over (order by change_seq) - 1) // $slice_rows as slice
    from {table}
    where change_seq > $after
)
group by slice
order by slice
