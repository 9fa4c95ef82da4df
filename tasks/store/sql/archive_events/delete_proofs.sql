-- Forgets the proofs of table $table_name of $account for $days; null: for all days.
delete from archive_proof
where
    account = $account
    and table_name = $table_name
    and ($days::date[] is null or list_contains($days::date[], day))
