-- Of the events of a queue that still have to be routed or handed over: how many can be now, when the next ones can be,
-- and the last change of the templates. Events that a paused template won wait for such a change,
-- those routed to one until it is resumed.
with change as (select coalesce(max(change_seq), 0) as templates_seq from template),

waiting as (
    select
        case
            when status = 'pending' and reason = 'template_paused' and templates_seq <= $templates_seq then expires_at
            when status = 'pending_delivery' and delivery_id in (from paused_delivery) then expires_at
            else least(
                expires_at,
                greatest(
                    coalesce(next_try_at, '-infinity'::timestamptz),
                    case when status = 'pending' then coalesce(scheduled_at, '-infinity') else '-infinity' end
                )
            )
        end as ready_at
    from event
    cross join change
    where
        queue = $queue
        and (
            status = 'pending'
            or (
                status = 'pending_delivery'
                and delivery_id is not null
                and not exists (from hand_over where hand_over.event_id = event.event_id)
            )
        )
)

select
    (select count(*) from waiting where ready_at <= $now::timestamptz) as due,
    (select min(ready_at) from waiting where ready_at > $now::timestamptz) as next_at,
    (select templates_seq from change) as templates_seq
