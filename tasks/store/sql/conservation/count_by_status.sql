-- Events by queue, status and reason: the commonest reasons of each status, and all others together. A reason that names
-- what it is about counts under its first words; why a message was taken is nobody's question.
with counted as (
    select
        queue,
        status,
        if(status = 'sent', null, left(split_part(reason, ': ', 1), 100)) as reason,
        count(*) as events
    from event
    group by all
),

ranked as (
    select *, row_number() over (partition by queue, status order by events desc, reason) as place
    from counted
)

select queue, status, if(place <= 10, reason, 'others') as reason, sum(events)::bigint as events
from ranked
group by all
order by queue, status, events desc, reason
