-- How many events waited, exactly: each one from its arrival (`received_at`) to its departure, when routing took it or it
-- expired. A sample (`queue_sample`) can miss what happened between two looks; this cannot.

-- A row for each stretch of time over which a queue's length did not change, within a period (null: no bound);
-- `until` is null where it lasts.
create macro queue_depth_between(from_at, to_at) as table
with
movement as (
    select account, queue, received_at as moved_at, 1 as step from event
    union all
    select account, queue, greatest(received_at, coalesce(processing_at, processed_at)), -1
    from event
    where status <> 'pending' and coalesce(processing_at, processed_at) is not null
),
change as (select account, queue, moved_at, sum(step) as step from movement group by account, queue, moved_at),
length as (
    select
        account,
        queue,
        moved_at,
        sum(step) over (partition by account, queue order by moved_at) as queued,
        lead(moved_at) over (partition by account, queue order by moved_at) as next_at
    from change
)
select
    account,
    queue,
    greatest(moved_at, cast(from_at as timestamptz)) as since,
    least(next_at, cast(to_at as timestamptz)) as until,
    cast(queued as bigint) as queued
from length
where
    (cast(to_at as timestamptz) is null or moved_at < cast(to_at as timestamptz))
    and (cast(from_at as timestamptz) is null or next_at is null or next_at > cast(from_at as timestamptz))
order by account, queue, since;

create view queue_depth as select * from queue_depth_between(null, null);

-- The longest, the shortest and the average length of each queue, weighted by time.
create macro queue_length_between(from_at, to_at) as table
select
    account,
    queue,
    max(queued) as max_queued,
    min(queued) as min_queued,
    sum(queued * (epoch_us(until) - epoch_us(since)))
    / nullif(sum(epoch_us(until) - epoch_us(since)), 0) as average_queued
from queue_depth_between(from_at, to_at)
group by account, queue
order by account, queue;
