-- Events by account, status and reason. A reason that names what it is about counts under its first word.
select
    account,
    queue,
    status,
    split_part(reason, ': ', 1) as reason,
    count(*) as events
from event
group by all
order by account, queue, status, events desc, reason
