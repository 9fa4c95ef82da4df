-- The last number that the change sequence gave out; in the control store, which has none, 0.
select coalesce(max(last_value), 0)::bigint
from duckdb_sequences()
where database_name = current_database() and sequence_name = 'change_seq'
