-- Rows that cannot be events. Frames: rejected (RejectedRow).
insert into rejected_event by name
select
    $source_file as source_file,
    $content_hash as content_hash,
    $queue as queue,
    line,
    reason,
    detail,
    raw,
    $received_at::timestamptz as rejected_at,
    nextval('change_seq') as change_seq
from rejected
order by line
