-- Events not taken into account and not replayed yet, as routing reads pending ones.
select
    event_id,
    queue,
    event_type,
    channel,
    language,
    null::varchar as reason,
    created_at,
    null::timestamptz as scheduled_at,
    null::timestamptz as next_try_at,
    expires_at,
    change_seq
from event
where
    status = 'not_taken_into_account'
    and ($event_type::varchar is null or event_type = $event_type)
    and ($from_at::timestamptz is null or processing_at >= $from_at)
    and ($to_at::timestamptz is null or processing_at < $to_at)
    and ($event_ids::bigint[] is null or list_contains($event_ids::bigint[], event_id))
    and not exists (from event as child where child.parent_event_id = event.event_id)
order by event_id
