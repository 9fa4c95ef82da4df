-- A table as readers see it: the rows of its parts but for those that were superseded.
create view {table} as
select {columns}
from read_parquet({parts}) as part
anti join read_parquet({hidden}) as hidden
    on part.account = hidden.account and part.change_seq = hidden.change_seq
