-- Those of $batch_ids that ended.
select batch_id from delivery_batch where state <> 'claimed' and list_contains($batch_ids, batch_id) order by batch_id
