-- What became of a file of this content: no row where it is new.
select source_file, ingested_at from ingested_file where content_hash = $content_hash and content = $content limit 1
