-- Editions before the last.
delete from published_edition where token <> $last
