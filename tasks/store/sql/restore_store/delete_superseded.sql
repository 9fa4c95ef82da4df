-- Rows of a table that come back in a later state.
delete from {table} where exists (from read_parquet($path) as archived where {matches})
