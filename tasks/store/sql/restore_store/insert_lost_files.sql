-- Ledger rows for events and rejected rows that came back without theirs: an archive run was cut short between them.
-- Rejected rows are archived after events, so a file that has some of them there is there whole, and known by its hash.
insert into ingested_file by name
with event_lost as (
    select source_file, queue, received_at as ingested_at, count(*) as accepted
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
    group by all
),

reject_lost as (
    select content_hash, source_file, queue, rejected_at as ingested_at, count(*) as rejected
    from rejected_event
    where content_hash not in (select content_hash from ingested_file where content = 'event')
    group by all
),

lost as (
    select
        content_hash,
        source_file,
        queue,
        ingested_at,
        coalesce(accepted, 0) as accepted,
        coalesce(rejected, 0) as rejected
    from event_lost
    full join reject_lost using (source_file, queue, ingested_at)
)

select
    coalesce(content_hash, 'restored ' || md5(concat_ws('|', source_file, queue, ingested_at))) as content_hash,
    'event' as content,
    queue,
    source_file,
    'archive' as format,
    accepted + rejected as rows,
    accepted,
    0 as duplicates,
    rejected,
    ingested_at,
    nextval('change_seq') as change_seq
from lost
