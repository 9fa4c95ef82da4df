-- Events whose messages did not go: deliverable again.
delete from hand_over where batch_id = $batch_id and outcome is null
