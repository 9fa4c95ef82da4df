-- Each payload with each entry of the first list that is there; once, without an entry, where none is.
-- Frames: document (number, text).
with found as (
    select
        number,
        text,
        from_json(
            list_filter(json_extract(text, $paths::varchar[]), lambda value: json_type(value) = 'ARRAY')[1], '["json"]'
        ) as entries
    from document
)

select number, text, unnest(if(len(entries) > 0, entries::varchar[], [null])) as entry
from found
