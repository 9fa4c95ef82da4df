-- The last entry that is there.
select max(entry) as last_entry from superseded_row
