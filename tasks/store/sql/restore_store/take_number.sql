-- A sequence that has given out nothing does not say where it is.
select nextval('change_seq')
