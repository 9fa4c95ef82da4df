-- The decisions whose event still is as it was when they were made. Frames: decision (RoutingDecision).
select decision.*
from decision
join event on event.event_id = decision.event_id
where
    event.event_id between $first_id and $last_id
    and event.status = 'pending'
    and event.change_seq = decision.change_seq
order by event.rowid
