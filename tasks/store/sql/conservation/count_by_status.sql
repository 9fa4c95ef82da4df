-- Events by queue, status and reason: the commonest reasons of each status, and all others together. A reason that names
-- what it is about counts under its first words; why a message was taken is nobody's question.
with with_reason as (
    select queue, status, reason, count(*) as events
    from event
    where status <> 'sent'
    group by all
),

counted as (
    select queue, status, left(split_part(reason, ': ', 1), 100) as reason, sum(events) as events
    from with_reason
    group by all
    union all
    select queue, status, null as reason, count(*) as events from event where status = 'sent' group by all
),

ranked as (
    select *, row_number() over (partition by queue, status order by events desc, reason) as place
    from counted
)

select queue, status, if(place <= 10, reason, 'others') as reason, sum(events)::bigint as events
from ranked
group by all
order by queue, status, events desc, reason
