-- The rows of a part.
select count(*) from read_parquet($path)
