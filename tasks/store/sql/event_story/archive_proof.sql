-- The proofs of the days under which the event and its log rows are archived.
select *
from archive_proof
where (account, table_name, day) in (
    select (account, 'event', cast(received_at at time zone 'UTC' as date)) from event where event_id = $event_id
    union
    select (account, 'delivery_log', cast(logged_at at time zone 'UTC' as date))
    from delivery_log
    where event_id = $event_id
)
order by table_name, day
