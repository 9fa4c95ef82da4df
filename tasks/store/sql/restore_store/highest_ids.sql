-- The highest ids of events and deliveries known of a cell, whose ids are $first to $last. Frames: sent.
with known as (
    select event_id, delivery_id from event
    union all
    select null, delivery_id from delivery
    union all
    select event_id, delivery_id from sent
)

select
    coalesce(max(event_id) filter (event_id between $first and $last), $first) - $first as event,
    coalesce(max(delivery_id) filter (delivery_id between $first and $last), $first) - $first as delivery
from known
