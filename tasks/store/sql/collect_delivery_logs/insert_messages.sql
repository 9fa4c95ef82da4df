-- Texts that providers gave as a reason, each once per kind, without addresses and numbers.
-- Frames: new_row.
insert into log_message by name
with told as (
    select
        kind,
        regexp_replace(
            regexp_replace(reason, '[^\s<>"'']+@[^\s<>"'']+', '<address>', 'g'), '[0-9a-fA-F-]*[0-9]{4,}[0-9a-fA-F-]*', '#', 'g'
        ) as text,
        provider,
        logged_at
    from new_row
    where reason is not null
)

select
    md5(kind || ' ' || text)::uuid as message_key,
    kind,
    text,
    min(provider) as provider,
    min(logged_at) as first_logged_at,
    nextval('change_seq') as change_seq
from told
where md5(kind || ' ' || text)::uuid not in (select message_key from log_message)
group by kind, text
