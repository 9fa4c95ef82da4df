-- Those of the files that were taken in before. Frames: asked (content_hash).
select distinct content_hash
from ingested_file
where content_hash in (select asked.content_hash from asked) and content = $content
