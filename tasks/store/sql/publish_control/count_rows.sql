-- The rows of every account in a table.
select account, $table_name as table_name, count(*) as rows from {table} group by account
