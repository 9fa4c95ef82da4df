-- Events of files that may have left before the store was restored: they are not sent.
-- Frames: fresh (event_id, content_hash).
insert into hand_over (event_id, batch_id, outcome)
select fresh.event_id, doubtful_file.batch_id, 'unsure'
from fresh
join doubtful_file on doubtful_file.content_hash = fresh.content_hash
where not exists (from hand_over where hand_over.event_id = fresh.event_id)
order by fresh.event_id
