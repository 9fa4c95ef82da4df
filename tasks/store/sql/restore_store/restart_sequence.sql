-- Change numbers go on beyond all that were given out.
create or replace sequence change_seq start {start}
