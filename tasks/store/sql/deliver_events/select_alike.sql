-- Events of a round and, created no further than $seconds from them, those like them (same type, channel, address and
-- data) that went out, are on their way, or were tried. Frames: deliverables.
with likely as (
    select
        event.event_id,
        hash(
            event_type,
            channel,
            lower(case channel when 'email' then email when 'sms' then mobile_phone else registration_token end),
            ctx::varchar
        ) as likeness,
        created_at,
        status,
        error_count,
        event_id in (select event_id from deliverables) as is_waiting
    from event
    where
        event_id between $first_id and $last_id and event_id in (select event_id from deliverables)
        or status in ('sent', 'pending_delivery')
        and created_at > $first_at::timestamptz - to_seconds($seconds)
        and created_at < $last_at::timestamptz + to_seconds($seconds)
)

select event_id, likeness, created_at, is_waiting
from likely
where
    likeness in (select likeness from likely where is_waiting)
    and (
        is_waiting
        or status = 'sent'
        or error_count > 0
        or exists (
            from hand_over where hand_over.event_id = likely.event_id and coalesce(outcome, 'taken') in ('taken', 'unsure')
        )
    )
order by likeness, created_at, event_id
