-- New pending events in the place of others. Frames: child (event_id, event_key, parent_event_id, channel).
insert into event by name
select
    child.event_id,
    child.event_key,
    child.parent_event_id,
    parent.queue,
    parent.event_type,
    child.channel,
    parent.email,
    parent.mobile_phone,
    parent.registration_token,
    parent.language,
    parent.country,
    parent.external_id,
    parent.origin,
    parent.ctx,
    parent.created_at,
    $now::timestamptz as received_at,
    parent.expires_at,
    'pending' as status,
    nextval('change_seq') as change_seq
from child
join event as parent on parent.event_id = child.parent_event_id
order by child.event_id
