-- How far every account is archived.
select account, table_name, change_seq, archived_at from archive_state order by account, table_name
