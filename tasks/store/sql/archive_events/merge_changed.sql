-- Takes the slice at $path into a table of the archive, for $account. Rows that are there unchanged, or later ones,
-- stay; with $again, unchanged ones get the columns they lack.
merge into {table} as archived
using (select $account as account, * from read_parquet($path)) as changed
on archived.account = $account and {within} and {matches}
when matched and (
    changed.change_seq > archived.change_seq
    or ($again and changed.change_seq = archived.change_seq)
) then update by name
when not matched then insert by name
