-- A row of a table, if it has one: of a column that costs little.
select change_seq from {table} limit 1
