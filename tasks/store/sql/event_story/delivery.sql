-- The delivery that the event is attached to.
select * exclude (change_seq)
from delivery
where delivery_id in (select delivery_id from event where event_id = $event_id)
