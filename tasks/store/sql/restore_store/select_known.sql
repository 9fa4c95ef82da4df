-- Which rows of a table $account has in the archive, and in which state.
select {key}, change_seq from {table} where account = $account
