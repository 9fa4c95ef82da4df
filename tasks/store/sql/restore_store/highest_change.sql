-- The highest change number in a table.
select coalesce(max(change_seq), 0) from {table}
