-- Addresses that bounced for good or complained, each once. A bounce whose enhanced status code (RFC 3463) blames
-- something else does not count: a full or disabled mailbox is 5.2.2 to 5.2.4, the sender's address 5.1.7 and 5.1.8, and
-- 5.3 to 5.7 are systems, networks, protocols, contents and policies. Frames: applied_row (log_key).
with told as (
    select
        event.channel,
        lower(coalesce(delivery_log.recipient, event.email, event.mobile_phone, event.registration_token)) as address,
        delivery_log.kind,
        delivery_log.reason,
        delivery_log.event_id,
        delivery_log.logged_at
    from delivery_log
    join applied_row on applied_row.log_key::uuid = delivery_log.log_key
    join event on event.event_id = delivery_log.event_id
    where
        delivery_log.kind = 'complained'
        or (
            delivery_log.kind = 'bounced'
            and not regexp_matches(
                coalesce(delivery_log.reason, ''), '(^|[^\d.])5\.([3-7]\.\d{1,3}|1\.[78]|2\.[234])($|[^\d.])'
            )
        )
)

select
    channel,
    address,
    arg_min(kind, (logged_at, event_id, kind)) as kind,
    arg_min(reason, (logged_at, event_id, kind)) as reason,
    arg_min(event_id, (logged_at, event_id, kind)) as event_id,
    min(logged_at) as quarantined_at
from told
group by channel, address
