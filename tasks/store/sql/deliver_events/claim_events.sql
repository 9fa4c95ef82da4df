-- Takes the events that are still deliverable into batches; returns which, by which batch. A template that was paused
-- or unpublished since they were read keeps its events.
-- Frames: claims (event_id, delivery_id, batch_id, problem).
insert into hand_over (event_id, batch_id, outcome)
select event.event_id, claims.batch_id, if(claims.problem is null, null, 'not_rendered')
from event
join claims on claims.event_id = event.event_id and claims.delivery_id = event.delivery_id
where event.event_id between $first_id and $last_id
    and event.status = 'pending_delivery'
    and not exists (
        from hand_over
        where hand_over.event_id = event.event_id and hand_over.event_id between $first_id and $last_id
    )
    and event.delivery_id not in (from paused_delivery)
    and (claims.problem is not null or event.delivery_id not in (select delivery_id from delivery where state = 'closed'))
order by event.event_id
returning event_id, batch_id, outcome
