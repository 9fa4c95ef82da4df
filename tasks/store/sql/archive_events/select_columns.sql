-- The columns of the store's tables named $tables (list), in their order; `account` is the archive's own.
select table_name, column_name, data_type
from duckdb_columns()
where
    database_name = current_database()
    and list_contains($tables, table_name)
    and column_name <> 'account'
order by table_name, column_index
