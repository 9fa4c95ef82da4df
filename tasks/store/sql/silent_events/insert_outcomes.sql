-- A log row for each event that was handed over before $before and that no log has spoken of since. Its kind ranks below
-- all that could still be told.
insert into delivery_log (
    log_key, event_id, delivery_id, recipient, kind, rank, logged_at, reason, source_id, applied, received_at, change_seq
)
select
    log_key(event_id, null, recipient, 'soft_bounced', logged_at, batch_id),
    event_id, delivery_id, recipient, 'soft_bounced', $rank, logged_at, 'no_outcome', batch_id, false, $now,
    nextval('change_seq')
from (
    select
        event.event_id,
        event.delivery_id,
        lower(case event.channel
            when 'email' then event.email
            when 'sms' then event.mobile_phone
            else event.registration_token
        end) as recipient,
        delivery_batch.settled_at + to_seconds($seconds) as logged_at,
        hand_over.batch_id
    from event
    join hand_over on hand_over.event_id = event.event_id
    join delivery_batch on delivery_batch.batch_id = hand_over.batch_id
    where
        event.status = 'pending_delivery'
        and delivery_batch.settled_at <= $before::timestamptz
        and not exists (from delivery_log where delivery_log.event_id = event.event_id and not delivery_log.applied)
    order by event.event_id
)
