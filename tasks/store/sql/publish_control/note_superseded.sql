-- The rows of a table of $account that the slice at $path is about to change, as they are.
insert into superseded_row by name
select $table_name as table_name, archived.account, archived.change_seq
from {table} as archived
join read_parquet($path) as changed on {matches}
where archived.account = $account and {within} and changed.change_seq > archived.change_seq
