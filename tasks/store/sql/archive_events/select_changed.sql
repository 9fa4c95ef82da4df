-- The rows of a table changed after $after, up to $upto, in the order in which the archive has rows: merging is many
-- times slower out of order.
select {columns}
from {table}
where change_seq > $after and change_seq <= $upto
order by {order}
