-- Table $table_name of $account is archived up to $change_seq, in $columns; null: in those it had.
merge into archive_state as state
using (select $account as account, $table_name as table_name) as here
on state.account = here.account and state.table_name = here.table_name
when matched then update set
    change_seq = greatest(state.change_seq, $change_seq),
    columns = coalesce($columns::varchar[], state.columns),
    archived_at = $now::timestamptz
when not matched then insert (account, table_name, change_seq, columns, archived_at)
values ($account, $table_name, $change_seq, $columns::varchar[], $now::timestamptz)
