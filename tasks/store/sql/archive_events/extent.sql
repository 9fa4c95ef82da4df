-- The range of a column in the slice at $path.
select min({column}) as lowest, max({column}) as highest from read_parquet($path)
