-- Batches that are done with, and of which sender.
select batch_id, sender, messages > 0 as has_messages from delivery_batch where state <> 'claimed' and batch_id not like 'restore-%'
