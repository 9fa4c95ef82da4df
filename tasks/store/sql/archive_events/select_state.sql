-- How far the tables of $account are archived.
select table_name, change_seq, columns as archived_columns from archive_state where account = $account
