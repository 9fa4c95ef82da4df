-- Batches that a run claimed and did not settle.
select batch_id, sender from delivery_batch where state = 'claimed' order by claimed_at, batch_id
