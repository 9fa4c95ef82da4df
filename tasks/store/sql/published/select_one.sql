-- A row of a table, if it has one.
select * from {table} limit 1
