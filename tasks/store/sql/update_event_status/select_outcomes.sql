-- All that logs say of events. Frames: open_row (log_key, event_id), affected (event_id).
select coalesce(delivery_log.event_id, open_row.event_id) as event_id, delivery_log.kind, delivery_log.logged_at, delivery_log.reason
from delivery_log
left join open_row
    on delivery_log.event_id is null and not delivery_log.applied and open_row.log_key::uuid = delivery_log.log_key
where coalesce(delivery_log.event_id, open_row.event_id) in (select event_id from affected)
