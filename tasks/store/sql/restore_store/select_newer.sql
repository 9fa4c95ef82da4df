-- Rows of a table that $account archived after $after.
select {columns} from {table} where account = $account and change_seq > $after order by {order}
