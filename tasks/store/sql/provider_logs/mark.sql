-- Which of the paths lead to anything. Frames: document (number, text).
select number, list_transform(json_extract(text, $paths::varchar[]), lambda value: value is not null) as is_there
from document
