-- The columns of the tables and views that readers find.
select table_name, column_name from duckdb_columns() where database_name = current_database() and not internal
