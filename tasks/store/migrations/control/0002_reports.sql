-- The product's reports, for any period: `from service_level_between(from, to)`, from inclusive, to exclusive,
-- null for no bound. The views are the same over all that is archived.
--
-- An event enters the queue when it was created, or when it was scheduled for if that is later. It is queued until
-- routing takes it (`processing_at`), and with the sender until its outcome (`processed_at`).

-- Per account and channel. Incoming events entered the queue in the period, outgoing ones were sent in it. Errors are
-- the incoming events that found no template, expired, failed or were ignored. Sending time is from entry to outcome.
create macro service_level_between(from_at, to_at) as table
with
asked as (select cast(from_at as timestamptz) as since, cast(to_at as timestamptz) as until),
entered as (
    select account, channel, status, processed_at, greatest(created_at, scheduled_at) as entered_at from event
),
moved as (
    select
        *,
        (since is null or entered_at >= since) and (until is null or entered_at < until) as came_in,
        status = 'sent'
            and (since is null or processed_at >= since)
            and (until is null or processed_at < until) as went_out
    from entered, asked
),
period as (
    select
        (
            epoch_us(coalesce(any_value(until), greatest(max(entered_at), max(processed_at))))
            - epoch_us(coalesce(any_value(since), min(entered_at)))
        ) / 3.6e9 as hours
    from moved
)
select
    account,
    channel,
    count(*) filter (came_in) as incoming_volume,
    count(*) filter (came_in) / nullif(any_value(hours), 0) as incoming_per_hour,
    count(*) filter (went_out) as outgoing_volume,
    count(*) filter (went_out) / nullif(any_value(hours), 0) as outgoing_per_hour,
    avg(epoch_us(processed_at) - epoch_us(entered_at)) filter (went_out) / 1e6 as average_sending_seconds,
    count(*) filter (came_in and status = 'not_taken_into_account') as not_taken_into_account,
    count(*) filter (came_in and status = 'expired') as expired,
    count(*) filter (came_in and status = 'delivery_failed') as delivery_failed,
    count(*) filter (came_in and status = 'ignored') as ignored,
    count(*) filter (
        came_in and status in ('not_taken_into_account', 'expired', 'delivery_failed', 'ignored')
    ) / nullif(count(*) filter (came_in), 0) as error_rate
from moved, period
where came_in or went_out
group by account, channel
order by account, channel;

create view service_level as select * from service_level_between(null, null);

-- Real-time queue only, per account and channel, over the events sent in the period. Samples of the queue's length do
-- not tell channels apart: those of the account stand in each of its rows, on their own where it sent nothing.
create macro processing_time_between(from_at, to_at) as table
with
sent as (
    select
        account,
        channel,
        count(*) as sent,
        avg(epoch_us(processing_at) - epoch_us(greatest(created_at, scheduled_at))) / 1e6 as average_queuing_seconds,
        avg(epoch_us(processed_at) - epoch_us(processing_at)) / 1e6 as average_message_sending_seconds,
        avg(epoch_us(processed_at) - epoch_us(greatest(created_at, scheduled_at))) / 1e6 as average_processing_seconds
    from event
    where
        queue = 'rt'
        and status = 'sent'
        and (cast(from_at as timestamptz) is null or processed_at >= cast(from_at as timestamptz))
        and (cast(to_at as timestamptz) is null or processed_at < cast(to_at as timestamptz))
    group by account, channel
),
queued as (
    select
        account,
        max(pending) as max_queued,
        min(pending) as min_queued,
        avg(pending) as average_queued
    from queue_sample
    where
        queue = 'rt'
        and (cast(from_at as timestamptz) is null or sampled_at >= cast(from_at as timestamptz))
        and (cast(to_at as timestamptz) is null or sampled_at < cast(to_at as timestamptz))
    group by account
)
select
    coalesce(sent.account, queued.account) as account,
    channel,
    coalesce(sent, 0) as sent,
    average_queuing_seconds,
    average_message_sending_seconds,
    average_processing_seconds,
    max_queued,
    min_queued,
    average_queued
from sent full join queued on sent.account = queued.account
order by account, channel;

create view processing_time as select * from processing_time_between(null, null);

-- The cube: how many events each day (UTC, of receipt) brought, by type, channel and status.
create view event_history_cube as
select
    account,
    cast(received_at at time zone 'UTC' as date) as day,
    event_type,
    channel,
    status,
    count(*) as events
from event
group by all;

-- The cube's measures per day: events received, events that became a message sent, and sent / events. The per cent
-- are cut, not rounded, to two decimals, as the product shows them.
create macro event_history_between(from_at, to_at) as table
select
    account,
    year(received_day) as year,
    quarter(received_day) as quarter,
    month(received_day) as month,
    received_day as day,
    event_type,
    channel,
    count(*) as events,
    count(*) filter (status = 'sent') as sent,
    count(*) filter (status = 'sent') / count(*) as success,
    (10000 * count(*) filter (status = 'sent') // count(*)) / 100 as success_percent
from (
    select *, cast(received_at at time zone 'UTC' as date) as received_day
    from event
    where
        (cast(from_at as timestamptz) is null or received_at >= cast(from_at as timestamptz))
        and (cast(to_at as timestamptz) is null or received_at < cast(to_at as timestamptz))
)
group by all
order by account, day, event_type, channel;
