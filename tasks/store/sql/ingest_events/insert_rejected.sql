-- Rows that cannot be events. Frames: rejected (FiledRejection with source_file and content_hash).
insert into rejected_event by name
select
    source_file,
    content_hash,
    $queue as queue,
    line,
    reason,
    detail,
    raw,
    $received_at::timestamptz as rejected_at,
    nextval('change_seq') as change_seq
from rejected
order by file, line
