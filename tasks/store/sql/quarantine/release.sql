-- Lets an address be used again, on one channel or on all.
update quarantine set released_at = $now::timestamptz, change_seq = nextval('change_seq')
where address = lower($address) and released_at is null and ($channel::varchar is null or channel = $channel)
