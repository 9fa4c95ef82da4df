-- Ends claimed batches; returns which. Frames: ending (BatchEnding).
update delivery_batch set state = ending.state, reason = ending.reason, settled_at = $now
from ending
where delivery_batch.batch_id = ending.batch_id and delivery_batch.state = 'claimed'
returning delivery_batch.batch_id
