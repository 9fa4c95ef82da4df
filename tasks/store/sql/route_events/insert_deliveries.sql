-- New deliveries, open. Frames: opened.
insert into delivery by name
select
    delivery_id,
    template_id || ' v' || template_version || ' ' || queue || ' ' || strftime($month::date, '%Y-%m') as label,
    event_type,
    channel,
    queue,
    template_id,
    template_version,
    $month::date as month,
    'open' as state,
    $now::timestamptz as created_at,
    nextval('change_seq') as change_seq
from opened
order by delivery_id
