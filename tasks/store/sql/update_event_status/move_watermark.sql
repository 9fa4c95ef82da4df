-- Everything up to here is applied: the next run looks beyond.
update watermark set change_seq = coalesce(
    (
        select min(delivery_log.change_seq) - 1
        from delivery_log
        where not delivery_log.applied and delivery_log.change_seq > watermark.change_seq
    ),
    greatest(watermark.change_seq, $last_seq)
)
where name = 'update_event_status'
