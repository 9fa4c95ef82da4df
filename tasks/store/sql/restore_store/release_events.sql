-- Events that a batch held which is done with, and of which no record tells. Those told of are entered anew.
delete from hand_over
where outcome is null and batch_id in (select batch_id from delivery_batch where state <> 'claimed')
