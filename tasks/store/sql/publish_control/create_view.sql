-- A table as readers see it.
create view {table} as select {columns} from read_parquet({parts}) as part
