-- Entries that the published edition $edition has taken up are of no more use, if the store is where that edition saw it.
delete from superseded_row
where
    entry <= $superseded_upto
    and (select edition in ($edition, $follows) from published_edition)
