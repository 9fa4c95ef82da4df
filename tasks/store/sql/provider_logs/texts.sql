-- The texts at some paths of each payload, and of its entry. Frames: document (number, text, entry).
select
    number,
    json_extract_string(text, $paths::varchar[]) as texts,
    json_extract_string(entry, $entry_paths::varchar[]) as entry_texts
from document
