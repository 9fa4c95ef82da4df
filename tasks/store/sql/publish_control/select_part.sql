-- The rows of a table of $account in an interval of its change sequence, in the order in which readers look for them.
select *
from {table}
where account = $account and change_seq > $after and change_seq <= $upto
order by {order}
