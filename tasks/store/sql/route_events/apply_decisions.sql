-- Statuses of routed and expired events. Frames: decision (sorted by event_id, with delivery_id).
update event set
    status = decision.status,
    reason = decision.reason,
    template_id = decision.template_id,
    template_version = decision.template_version,
    delivery_id = decision.delivery_id,
    processing_at = case when decision.status in ('pending_delivery', 'not_taken_into_account') then $now::timestamptz end,
    processed_at = case when decision.status in ('not_taken_into_account', 'expired') then $now::timestamptz end,
    change_seq = nextval('change_seq')
from decision
where event.event_id between $first_id and $last_id and event.event_id = decision.event_id
