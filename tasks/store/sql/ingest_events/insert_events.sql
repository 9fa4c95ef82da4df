-- New events, pending. Frames: fresh (FiledEvent with event_id and source_file).
insert into event by name
select
    event_id,
    event_key,
    $queue as queue,
    event_type,
    channel,
    email,
    mobile_phone,
    registration_token,
    language,
    country,
    external_id,
    origin,
    ctx,
    created_at,
    $received_at::timestamptz as received_at,
    scheduled_at,
    expires_at,
    'pending' as status,
    source_file,
    nextval('change_seq') as change_seq
from fresh
order by event_id
