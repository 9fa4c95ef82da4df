-- Claimed batches whose sender has no record of them.
update delivery_batch set state = 'returned', reason = $reason, settled_at = $now
where state = 'claimed' and ($all or sender <> 'outbox')
