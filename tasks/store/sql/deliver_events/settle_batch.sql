-- Ends a claimed batch.
update delivery_batch set state = $state, reason = $reason, settled_at = $now
where batch_id = $batch_id and state = 'claimed'
