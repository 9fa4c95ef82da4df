-- How many events wait, once per queue and five minutes.
insert into queue_sample by name
with bin as (select time_bucket(interval '5 minutes', $now::timestamptz) as sampled_at)

select
    bin.sampled_at,
    queue.name as queue,
    count(*) filter (event.status = 'pending') as pending,
    count(*) filter (event.status = 'pending_delivery') as pending_delivery,
    nextval('change_seq') as change_seq
from bin
cross join (values ('batch'), ('rt')) as queue(name)
left join event on event.queue = queue.name and event.status in ('pending', 'pending_delivery')
where not exists (
    from queue_sample where queue_sample.sampled_at = bin.sampled_at and queue_sample.queue = queue.name
)
group by bin.sampled_at, queue.name
