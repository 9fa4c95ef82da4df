-- What is in a database: tables with their columns, sequences with their next number, views, macros.
select 'table' as kind, table_name as name, string_agg(column_name || ' ' || data_type, ', ' order by column_index) as content
from duckdb_columns()
where
    database_name = $database
    and not internal
    and table_name in (select table_name from duckdb_tables() where database_name = $database)
group by table_name
union all
select 'sequence', sequence_name, sql from duckdb_sequences() where database_name = $database
union all
select 'view', view_name, null from duckdb_views() where database_name = $database and not internal
union all
select distinct 'macro', function_name, array_to_string(parameters, ', ')
from duckdb_functions()
where database_name = $database and not internal
