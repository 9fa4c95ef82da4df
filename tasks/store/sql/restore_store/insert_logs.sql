-- What the records tell of events that are here, as delivery-log rows, each once. Frames: sent (SentMessage), rule.
insert into delivery_log by name
with told as (
    select distinct
        log_key(
            sent.event_id,
            sent.provider_message_id,
            lower(address.recipient),
            sent.kind,
            sent.logged_at,
            sent.batch_id
        ) as log_key,
        sent.event_id,
        event.delivery_id,
        lower(address.recipient) as recipient,
        sent.kind,
        rule.rank,
        sent.logged_at,
        sent.reason,
        sent.sender as provider,
        sent.provider_message_id,
        sent.batch_id as source_id
    from sent
    join event on event.event_id = sent.event_id
    join (
        select
            event_id,
            case channel when 'email' then email when 'sms' then mobile_phone else registration_token end as recipient
        from event
    ) as address on address.event_id = sent.event_id
    left join rule on rule.kind = sent.kind
    where sent.kind is not null and event.delivery_id is not null
)

select told.*, false as applied, $now::timestamptz as received_at, nextval('change_seq') as change_seq
from told
where told.log_key not in (select log_key from delivery_log)
order by told.event_id
