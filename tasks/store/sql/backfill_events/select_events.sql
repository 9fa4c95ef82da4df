-- The events of a scope as they stand; of files, those that came in at $now have no status before.
-- Frames: wanted (event_id), named_file (source_file).
select event_id, if($is_by_file and received_at = $now::timestamptz, null, status) as status, reason
from event
where
    created_at >= $from_at
    and created_at < $to_at
    and ($is_by_id = false or event_id in (select event_id from wanted))
    and ($is_by_file = false or source_file in (select source_file from named_file))
order by event_id
