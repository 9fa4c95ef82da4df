-- Events that failed on a channel that another one follows, have an address for that, did not arrive by any sign, failed
-- by more than silence, and were not recycled yet. Frames: next_channel (channel, next_channel, place).
with candidate as (
    select
        event.event_id,
        next_channel.next_channel as channel,
        next_channel.place
    from event
    join next_channel on next_channel.channel = event.channel
    where
        event.status = 'delivery_failed'
        and event.reason is distinct from 'no_outcome'
        and event.processed_at >= $since::timestamptz
        and (event.expires_at is null or event.expires_at > $now::timestamptz)
        and case next_channel.next_channel
            when 'email' then event.email
            when 'sms' then event.mobile_phone
            else event.registration_token
        end is not null
        and not exists (from event as child where child.parent_event_id = event.event_id)
        and not exists (
            from delivery_log
            where delivery_log.event_id = event.event_id
                and delivery_log.kind in ('delivered', 'opened', 'clicked', 'complained', 'unsubscribed')
        )
)

select event_id as parent_event_id, arg_min(channel, place) as channel from candidate group by event_id order by event_id
