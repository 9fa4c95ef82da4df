-- Pending events that were handed over under a delivery that is known. Frames: sent (SentMessage).
update event set
    status = 'pending_delivery',
    reason = null,
    template_id = told.template_id,
    template_version = told.template_version,
    delivery_id = told.delivery_id,
    processing_at = told.logged_at,
    change_seq = nextval('change_seq')
from (
    select sent.event_id, delivery.delivery_id, delivery.template_id, delivery.template_version, min(sent.logged_at) as logged_at
    from sent
    join delivery on delivery.delivery_id = sent.delivery_id
    where sent.outcome <> 'deferred'
    group by all
) as told
where event.event_id = told.event_id and event.status = 'pending'
