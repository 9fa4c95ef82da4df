-- Rows that mention an address.
select count(*) from {table} where {owner} and ({mentions})
