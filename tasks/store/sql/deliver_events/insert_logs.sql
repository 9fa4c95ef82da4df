-- Delivery-log rows of the hand-over, of those events that their batch holds. A batch is settled once and its id is
-- part of the key, so these rows cannot be there yet. Frames: logs (HandOverLog, `source_id` is the batch).
insert into delivery_log (
    log_key, event_id, delivery_id, recipient, kind, rank, logged_at, reason, provider, provider_message_id, source_id,
    applied, received_at, change_seq
)
select log_key(event_id, provider_message_id, recipient, kind, logged_at, source_id), event_id, delivery_id, recipient,
    kind, rank, logged_at, reason, provider, provider_message_id, source_id, false, $now, nextval('change_seq')
from logs
where exists (
    from hand_over
    where hand_over.event_id = logs.event_id
        and hand_over.event_id between $first_id and $last_id
        and hand_over.batch_id = logs.source_id
)
order by event_id
