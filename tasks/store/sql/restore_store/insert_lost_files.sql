-- Events that came back without the ledger row of their file: an archive run was cut short between the two.
insert into ingested_file by name
with lost as (
    select source_file, queue, received_at, count(*) as events
    from event
    where
        parent_event_id is null
        and not exists (
            from ingested_file
            where
                content = 'event'
                and ingested_file.source_file = event.source_file
                and ingested_file.queue = event.queue
                and ingested_file.ingested_at = event.received_at
        )
    group by source_file, queue, received_at
)

select
    'restored ' || md5(concat_ws('|', source_file, queue, received_at)) as content_hash,
    'event' as content,
    queue,
    source_file,
    'archive' as format,
    events as rows,
    events as accepted,
    0 as duplicates,
    0 as rejected,
    received_at as ingested_at,
    nextval('change_seq') as change_seq
from lost
