-- New log rows, not applied yet. Frames: new_row.
insert into delivery_log by name
select
    log_key::uuid as log_key,
    event_id,
    delivery_id,
    recipient,
    kind,
    rank,
    logged_at,
    reason,
    provider,
    provider_message_id,
    source_id,
    url,
    user_agent,
    false as applied,
    $now::timestamptz as received_at,
    nextval('change_seq') as change_seq
from new_row
order by line
