-- Keys of the rows of a table from days up to $before, which never change. Frames: going (change_seq), rows that count
-- as gone.
select {key}
from {table}
where {instant} < $before::timestamptz and change_seq not in (select change_seq from going)
