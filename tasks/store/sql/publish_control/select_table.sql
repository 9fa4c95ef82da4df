-- A small table.
select * from {table}
