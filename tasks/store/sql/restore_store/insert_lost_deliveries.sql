-- Deliveries that events name and nothing else knows any more.
insert into delivery by name
with lost as (
    select
        delivery_id,
        min(event_type) as event_type,
        min(channel) as channel,
        min(queue) as queue,
        min(template_id) as template_id,
        min(template_version) as template_version,
        min(processing_at) as created_at
    from event
    where delivery_id is not null and delivery_id not in (select delivery_id from delivery)
    group by delivery_id
)

select
    delivery_id,
    template_id || ' v' || template_version || ' ' || queue || ' ' || strftime(created_at, '%Y-%m') as label,
    event_type,
    channel,
    queue,
    template_id,
    template_version,
    date_trunc('month', created_at)::date as month,
    'open' as state,
    created_at,
    nextval('change_seq') as change_seq
from lost
