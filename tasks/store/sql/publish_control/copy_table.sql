-- A small table as it is in the control store. Frames: copied (the table).
insert into {table} by name select * from copied
