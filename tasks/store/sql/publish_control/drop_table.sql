-- A table that is a view in the published data, or of no use there.
drop table {table}
