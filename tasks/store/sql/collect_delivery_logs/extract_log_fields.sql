-- One row per received row of a canonical delivery log: its fields as text.
-- Frames: received_row (line, raw, document, problem).
with opened as (
    select
        line,
        raw,
        case
            when problem is not null then problem
            when not json_valid(document) then 'not valid JSON'
            when json_type(document) <> 'OBJECT' then 'not a JSON object'
        end as problem,
        document
    from received_row
),

split as (
    select
        line,
        raw,
        problem,
        json_extract_string(case when problem is null then document end, [
            '$.event_id', '$.provider_message_id', '$.recipient', '$.kind',
            '$.logged_at', '$.reason', '$.provider', '$.source_id', '$.url', '$.user_agent'
        ]) as f
    from opened
)

select
    line,
    raw,
    problem,
    f[1] as event_id,
    f[2] as provider_message_id,
    f[3] as recipient,
    f[4] as kind,
    f[5] as logged_at,
    f[6] as reason,
    f[7] as provider,
    f[8] as source_id,
    f[9] as url,
    f[10] as user_agent
from split
order by line
