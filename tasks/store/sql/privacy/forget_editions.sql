-- The published editions: the next one is made anew.
delete from published_edition
