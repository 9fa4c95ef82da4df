-- How far every table of every account is archived.
select account, table_name, change_seq, columns as archived_columns from archive_state order by account, table_name
