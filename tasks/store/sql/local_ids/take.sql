-- Takes the next ids of a name; returns nothing. The first taken is last_id - count + 1 afterwards.
update local_id set last_id = last_id + $count where name = $name
