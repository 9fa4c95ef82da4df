-- Events by type and status.
select event_type, status, count(*) as events from event group by all order by event_type, status
