-- One row per received row: its fields as text. A CloudEvents envelope is unwrapped, either spelling of a
-- field name is read, and unknown fields are folded into ctx, where ctx's own fields win.
-- Frames: received_row (line, raw, document, problem).
with parsed as (
    select
        line,
        raw,
        case
            when problem is not null then problem
            when not json_valid(document) then 'not valid JSON'
            -- DuckDB's parser takes these words for numbers; no other one would take the document back.
            when (contains(lower(document), 'nan') or contains(lower(document), 'inf'))
                and regexp_matches(regexp_replace(document, '(?s)"(?:[^"\\]|\\.)*"', '', 'g'), '(?i)nan|inf')
                then 'not valid JSON: NaN and Infinity are no numbers there'
            when json_type(document) <> 'OBJECT' then 'not a JSON object'
        end as problem,
        document
    from received_row
),

opened as (
    select
        line,
        raw,
        problem,
        case when problem is null then document::json end as document,
        -- A table's column is there in every row: null in those that are no envelopes.
        (case when problem is null then document end ->> '$.specversion') is not null as is_cloud_event
    from parsed
),

packed as (
    select
        *,
        case
            when is_cloud_event and (document -> '$.data') is null and (document ->> '$.data_base64') is not null
                then coalesce(try(decode(from_base64(document ->> '$.data_base64'))), 'no text')
        end as packed_data
    from opened
),

decoded as (
    select
        * exclude (packed_data) replace (
            case when is_broken then 'data_base64 is not JSON in Base64' else problem end as problem
        ),
        case
            when is_cloud_event and not is_broken then coalesce(document -> '$.data', try(packed_data::json))
        end as cloud_data
    from (
        select
            *,
            packed_data is not null and (
                not json_valid(packed_data)
                or regexp_matches(regexp_replace(packed_data, '(?s)"(?:[^"\\]|\\.)*"', '', 'g'), '(?i)nan|inf')
            ) as is_broken
        from packed
    )
),

unwrapped as (
    select
        line,
        raw,
        problem,
        is_cloud_event,
        case when is_cloud_event then document end as envelope,
        case
            when not is_cloud_event then document
            when cloud_data is null then '{}'::json
            when json_type(cloud_data) = 'OBJECT' then cloud_data
            when json_type(cloud_data) = 'NULL' then '{}'::json
            else json_object('data', cloud_data)
        end as body
    from decoded
),

split as (
    select
        *,
        json_extract_string(body, [
            '$.id', '$.type', '$.email',
            '$.mobilePhone', '$.mobile_phone', '$.mobilephone',
            '$.registrationToken', '$.registration_token', '$.registrationtoken',
            '$.wishedChannel', '$.wished_channel', '$.wishedchannel',
            '$.language', '$.country',
            '$.externalId', '$.external_id', '$.externalid',
            '$.origin', '$.created', '$.scheduled', '$.expiration'
        ]) as b,
        json_extract_string(envelope, [
            '$.id', '$.type', '$.email',
            '$.mobilePhone', '$.mobile_phone', '$.mobilephone',
            '$.registrationToken', '$.registration_token', '$.registrationtoken',
            '$.wishedChannel', '$.wished_channel', '$.wishedchannel',
            '$.language', '$.country',
            '$.externalId', '$.external_id', '$.externalid',
            '$.source', '$.time', '$.scheduled', '$.expiration'
        ]) as e,
        body -> '$.ctx' as ctx_given
    from unwrapped
),

with_ctx as (
    select
        *,
        case
            when ctx_given is null or json_type(ctx_given) = 'NULL' then '{}'
            when json_type(ctx_given) = 'OBJECT' then ctx_given::varchar
            when json_type(ctx_given) = 'VARCHAR' and trim(ctx_given ->> '$') = '' then '{}'
            when json_type(ctx_given) = 'VARCHAR' and json_valid(ctx_given ->> '$')
                and not regexp_matches(
                    regexp_replace(ctx_given ->> '$', '(?s)"(?:[^"\\]|\\.)*"', '', 'g'), '(?i)nan|inf'
                )
                then case when json_type(ctx_given ->> '$') = 'OBJECT' then json(ctx_given ->> '$')::varchar end
        end as ctx,
        case
            -- Most documents have known fields alone: to see that takes a fraction of a merge.
            when envelope is null and list_has_all(json_keys($event_fields::json), json_keys(body)) then '{}'::json
            else json_merge_patch(
                '{}',
                json_merge_patch(
                    coalesce(json_merge_patch(envelope, $envelope_fields::json), '{}'),
                    json_merge_patch(body, $event_fields::json)
                )
            )
        end as others
    from split
),

folded as (
    select
        *,
        case
            when others::varchar = '{}' or ctx is null then others::varchar
            else json_merge_patch(
                others,
                ('{' || array_to_string([to_json(key)::varchar || ':null' for key in json_keys(ctx)], ',') || '}')::json
            )::varchar
        end as unknown_fields
    from with_ctx
)

select
    line,
    raw,
    problem,
    case when is_cloud_event then e[18] || ' ' || e[1] else b[1] end as event_key,
    case when is_cloud_event then e[2] else b[2] end as event_type,
    coalesce(b[3], e[3]) as email,
    coalesce(b[4], b[5], b[6], e[4], e[5], e[6]) as mobile_phone,
    coalesce(b[7], b[8], b[9], e[7], e[8], e[9]) as registration_token,
    coalesce(b[10], b[11], b[12], e[10], e[11], e[12]) as wished_channel,
    coalesce(b[13], e[13]) as language,
    coalesce(b[14], e[14]) as country,
    coalesce(b[15], b[16], b[17], e[15], e[16], e[17]) as external_id,
    coalesce(b[18], e[18]) as origin,
    coalesce(b[19], e[19]) as created,
    coalesce(b[20], e[20]) as scheduled,
    coalesce(b[21], e[21]) as expiration,
    case
        when problem is not null or ctx is null then null
        when unknown_fields = '{}' then ctx
        when ctx = '{}' then unknown_fields
        else ctx[:-2] || ',' || unknown_fields[2:]
    end as ctx
from folded
order by line
