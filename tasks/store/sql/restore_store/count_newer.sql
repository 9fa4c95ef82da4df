-- The rows of a file.
select count(*) from read_parquet($path)
