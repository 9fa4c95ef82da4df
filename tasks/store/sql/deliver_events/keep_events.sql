-- Events whose messages the sender has, or will never have: their batch keeps them.
-- Frames: kept (event_id, batch_id, outcome; sorted by event_id).
update hand_over set outcome = kept.outcome
from kept
where hand_over.event_id = kept.event_id
    and hand_over.event_id between $first_id and $last_id
    and hand_over.batch_id = kept.batch_id
