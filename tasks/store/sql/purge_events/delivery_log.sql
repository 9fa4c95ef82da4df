-- Delivery-log rows that may go: they had their effect, are archived as they are (up to $upto), older than $before, and
-- their event is gone: as long as it is here, its status follows from all of them. Frames: going (event_id), events that
-- count as gone.
select change_seq, {day} as day
from delivery_log
where
    change_seq > $after
    and change_seq <= $upto
    and applied
    and {since} < $before::timestamptz
    and not exists (
        from event
        where
            event.event_id = delivery_log.event_id
            and event.event_id not in (select event_id from going)
    )
order by change_seq
limit $most
