-- What the logs say of chosen events, in the order of what happened. Parameters: keys, a list of event keys.
select
    event.account,
    event.event_key,
    delivery_log.logged_at,
    delivery_log.kind,
    delivery_log.reason,
    delivery_log.provider
from event
join delivery_log on delivery_log.account = event.account and delivery_log.event_id = event.event_id
where event.event_key in (select unnest($keys::varchar[]))
order by event.account, event.event_key, delivery_log.logged_at, delivery_log.rank, delivery_log.kind desc
