-- The last number that the change sequence gave out; in the control store, which has none, 0. Its definition says the next
-- one: `last_value` is that too in DuckDB 1.5 once a file was opened anew, and after a crash the first.
select coalesce(max(regexp_extract(sql, 'START (\d+)', 1)::bigint - 1), 0)
from duckdb_sequences()
where database_name = current_database() and sequence_name = 'change_seq'
