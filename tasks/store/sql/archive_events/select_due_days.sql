-- Days of $account that were stored or found different since they were last proved equal.
select table_name, day from archive_proof where account = $account and equal is distinct from true
