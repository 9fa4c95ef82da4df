-- The last id given out under a name.
select last_id from local_id where name = $name
