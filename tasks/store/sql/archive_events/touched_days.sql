-- The days (UTC) of the rows of a table changed after $after.
select distinct {day} as day from {table} where change_seq > $after
