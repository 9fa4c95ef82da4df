-- Events by queue and status.
select queue, status, count(*) as events from event group by queue, status order by queue, status
