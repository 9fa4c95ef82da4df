-- Events by the instant of their outcome, in bins of five minutes.
select time_bucket(interval 5 minutes, processed_at) as bin, status, count(*) as events
from event
where processed_at is not null
group by all
order by bin, status
