-- Rows that the archive does not have as they are, though it was further on: changed again, they will be archived.
update {table} set change_seq = nextval('change_seq')
where
    change_seq <= $archived_upto
    and not exists (
        from read_parquet($path) as archived
        where {matches} and archived.change_seq = {table}.change_seq
    )
