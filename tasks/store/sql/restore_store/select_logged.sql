-- Hand-overs that the delivery log tells of, and no batch. The hand-over's own rows have the batch as their source.
select
    event.event_id,
    event.event_key,
    log.source_id as batch_id,
    split_part(log.source_id, '-', 2)::bigint as delivery_id,
    coalesce(log.provider, $sender) as sender,
    case
        when log.provider is null then 'not_rendered'
        when log.kind = 'unknown' then 'unsure'
        when log.kind in ('rejected', 'failed') then 'refused'
        else 'taken'
    end as outcome,
    log.kind,
    log.reason,
    log.provider_message_id,
    log.logged_at
from delivery_log as log
join event on event.event_id = log.event_id
where
    regexp_full_match(log.source_id, '[0-9]{8}T[0-9]{6}-[0-9]+-[0-9]+')
    and not exists (
        from hand_over where hand_over.event_id = log.event_id and hand_over.outcome is not null
    )
