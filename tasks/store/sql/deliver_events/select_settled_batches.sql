-- Those of some batches that ended. Frames: batches (batch_id).
select batch_id from delivery_batch
where state <> 'claimed' and batch_id in (select batch_id from batches)
order by batch_id
