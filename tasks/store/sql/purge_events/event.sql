-- Events that may go: final, archived as they are (up to $upto), without news since $before; held by no claimed batch,
-- and no log row, by event or by message, that has still to have its effect.
with open_row as (
    select event_id, provider_message_id from delivery_log where not applied
),

needed as (
    select event_id from open_row
    union all
    select told.event_id
    from open_row
    join delivery_log as told on told.provider_message_id = open_row.provider_message_id
    where open_row.event_id is null
    union all
    select hand_over.event_id
    from hand_over
    join delivery_batch on delivery_batch.batch_id = hand_over.batch_id
    where delivery_batch.state = 'claimed'
)

select change_seq, event_id, {day} as day
from event
where
    change_seq > $after
    and change_seq <= $upto
    and list_contains($final_statuses, status)
    and {since} < $before::timestamptz
    and event_id not in (select event_id from needed where event_id is not null)
order by change_seq
limit $most
