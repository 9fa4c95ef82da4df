-- The JSON texts at some paths of each document. Frames: document (text).
select json_extract(text, $paths::varchar[])::varchar[] as found from document
