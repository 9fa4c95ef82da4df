-- The ledger rows of ingested files. Frames: taken (InputFile and FileCounts).
insert into ingested_file by name
select
    content_hash,
    content,
    queue,
    source_file,
    format,
    rows,
    accepted,
    duplicates,
    rejected,
    $ingested_at::timestamptz as ingested_at,
    nextval('change_seq') as change_seq
from taken
