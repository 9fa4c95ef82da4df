-- Log rows whose event is not known, or not routed, yet; and those of them that wait for too long.
select
    count(*) as parked,
    count(*) filter (received_at < $received_before::timestamptz) as overdue
from delivery_log
where not applied and change_seq > (select change_seq from watermark where name = 'update_event_status')
