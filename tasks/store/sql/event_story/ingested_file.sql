-- The file that brought the event.
select * exclude (change_seq)
from ingested_file
where
    content = 'event'
    and (source_file, queue, ingested_at) in (
        select (source_file, queue, received_at) from event where event_id = $event_id
    )
