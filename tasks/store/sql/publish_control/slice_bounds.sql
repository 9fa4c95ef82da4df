-- Where parts of $part_rows rows end among the rows of a table of $account in an interval of its change sequence.
select max(change_seq) as upto
from (
    select change_seq, (row_number() over (order by change_seq) - 1) // $part_rows as part
    from {table}
    where account = $account and change_seq > $after and change_seq <= $upto
)
group by part
order by part
