-- The columns of an archived table, in their order, but for the archive's own `account`.
select column_name
from duckdb_columns()
where database_name = current_database() and table_name = $table_name and column_name <> 'account'
order by column_index
