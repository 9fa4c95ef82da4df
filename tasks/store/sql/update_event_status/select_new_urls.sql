-- Links that were clicked and are not known for their delivery yet. Frames: applied_row (log_key).
select distinct delivery_log.delivery_id, delivery_log.url
from delivery_log
join applied_row on applied_row.log_key::uuid = delivery_log.log_key
where
    delivery_log.kind = 'clicked'
    and delivery_log.url is not null
    and delivery_log.change_seq >= $first_seq
    and not exists (
        from tracking_url
        where tracking_url.url = delivery_log.url
            and tracking_url.delivery_id is not distinct from delivery_log.delivery_id
    )
order by delivery_log.delivery_id, delivery_log.url
