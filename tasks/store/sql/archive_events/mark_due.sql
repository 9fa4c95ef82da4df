-- Days of table $table_name of $account are to be proved again. Frames: touched (day).
merge into archive_proof as proof
using touched
on
    proof.account = $account
    and proof.table_name = $table_name
    and proof.day is not distinct from touched.day
when matched then update set equal = null, proved_at = null
when not matched then insert (account, table_name, day) values ($account, $table_name, touched.day)
