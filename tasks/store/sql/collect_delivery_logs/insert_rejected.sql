-- Rows that are no delivery-log rows. Frames: rejected (RejectedRow).
insert into rejected_delivery_log by name
select
    $source_file as source_file,
    $content_hash as content_hash,
    line,
    reason,
    detail,
    raw,
    $received_at::timestamptz as rejected_at,
    nextval('change_seq') as change_seq
from rejected
order by line
