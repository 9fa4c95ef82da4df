-- The ledger row of an ingested file.
insert into ingested_file by name
select
    $content_hash as content_hash,
    $content as content,
    $queue as queue,
    $source_file as source_file,
    $format as format,
    $rows as rows,
    $accepted as accepted,
    $duplicates as duplicates,
    $rejected as rejected,
    $ingested_at::timestamptz as ingested_at,
    nextval('change_seq') as change_seq
