-- Days of purged rows whose archived ones are to change: proved by counts from now on. Frames: day (day).
update purged set hashed_as = null where table_name = $table_name and day in (select day.day from day)
