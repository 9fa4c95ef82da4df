-- The payloads packed in others at a path: the object there, each entry of a list there, or what the text there is the
-- JSON of; a payload without any of these is itself. Frames: document (number, text).
with found as (
    select number, text, json_extract(text, $path) as inside from document
),

unwrapped as (
    select
        number,
        text,
        case
            when json_type(inside) in ('OBJECT', 'ARRAY') then inside
            when json_type(inside) = 'VARCHAR' and json_valid(inside ->> '$') then (inside ->> '$')::json
        end as inside
    from found
)

select
    number,
    unnest(
        case
            when json_type(inside) = 'ARRAY' then from_json(inside, '["json"]')::varchar[]
            when json_type(inside) = 'OBJECT' then [inside::varchar]
            else [text]
        end
    ) as text
from unwrapped
