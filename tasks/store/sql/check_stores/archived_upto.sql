-- How far each account is archived, and when that last moved.
select account, max(change_seq) as change_seq, max(archived_at) as archived_at from archive_state group by account
