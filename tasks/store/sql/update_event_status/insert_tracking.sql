-- Opens and clicks of known events, each log row once. Frames: applied_row (log_key).
insert into tracking_log by name
select
    delivery_log.log_key as tracking_key,
    delivery_log.event_id,
    delivery_log.delivery_id,
    tracking_url.url_id,
    delivery_log.kind,
    delivery_log.logged_at,
    delivery_log.user_agent,
    nextval('change_seq') as change_seq
from delivery_log
join applied_row on applied_row.log_key::uuid = delivery_log.log_key
left join tracking_url
    on delivery_log.kind = 'clicked'
    and tracking_url.url = delivery_log.url
    and tracking_url.delivery_id is not distinct from delivery_log.delivery_id
where delivery_log.kind in ('opened', 'clicked') and delivery_log.change_seq >= $first_seq
order by delivery_log.logged_at
