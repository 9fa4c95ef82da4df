-- Events whose status is no longer the one a change was computed on. Frames: affected (event_id, status).
select affected.event_id
from affected
join event on event.event_id = affected.event_id
where event.event_id between $first_id and $last_id and event.status <> affected.status
