-- Rows of table $table_name of $account that leave the archive. Frames: chosen (change_seq).
insert into superseded_row (table_name, account, change_seq)
select $table_name, $account, change_seq from chosen
