-- Rows of a table of the archive that may go: of $account, older than $before, and not in the account's store, whose next
-- change would bring them back. Frames: held (the table's key).
select archived.change_seq, {day} as day
from {table} as archived
where
    archived.account = $account
    and archived.change_seq > $after
    and archived.change_seq <= $upto
    and {since} < $before::timestamptz
    and not exists (from held where {matches})
order by archived.change_seq
limit $most
