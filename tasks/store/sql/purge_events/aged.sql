-- Rows of a table that may go: archived as they are (up to $upto) and older than $before.
select change_seq, {day} as day
from {table}
where
    change_seq > $after
    and change_seq <= $upto
    and {since} < $before::timestamptz
order by change_seq
limit $most
