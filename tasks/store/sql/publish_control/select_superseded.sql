-- Rows changed or deleted since the entry $after.
select table_name, account, change_seq from superseded_row where entry > $after
