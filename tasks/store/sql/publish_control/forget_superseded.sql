-- Entries that the published data has taken up.
delete from superseded_row where entry <= $superseded_upto
