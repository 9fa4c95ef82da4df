-- Events whose messages did not go: deliverable again. Frames: held (event_id, batch_id).
delete from hand_over
using held
where hand_over.event_id = held.event_id
    and hand_over.event_id between $first_id and $last_id
    and hand_over.batch_id = held.batch_id
    and hand_over.outcome is null
