-- Rows of a table.
select count(*) from {database}.{table}
