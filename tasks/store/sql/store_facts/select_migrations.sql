-- The migrations that the store has seen.
select name from schema_migration order by name
