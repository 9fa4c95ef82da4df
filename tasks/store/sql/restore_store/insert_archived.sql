-- Rows that come back as they were archived.
insert into {table} by name select {columns} from read_parquet($path) order by {order}
