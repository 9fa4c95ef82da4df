-- Of the frame `child`, those whose parent still stands as it was found and has no child. Frames: child (parent_event_id).
select event_id as parent_event_id
from event
where
    event_id in (select child.parent_event_id from child)
    and status = $status
    and not exists (from event as other where other.parent_event_id = event.event_id)
