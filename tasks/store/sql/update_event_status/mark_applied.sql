-- Log rows that have had their effect. Frames: applied_row (log_key, event_id, delivery_id).
update delivery_log set
    applied = true,
    event_id = applied_row.event_id,
    delivery_id = coalesce(applied_row.delivery_id, delivery_log.delivery_id),
    change_seq = nextval('change_seq')
from applied_row
where
    delivery_log.log_key = applied_row.log_key::uuid
    and not delivery_log.applied
    and delivery_log.change_seq between $first_seq and $last_seq
