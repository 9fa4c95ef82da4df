-- New deliveries: open, unless somebody unpublished their template after it won. Frames: opened.
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
    if(
        exists (
            from template_change as ended
            where ended.template_id = opened.template_id
                and ended.version >= opened.template_version
                and ended.action = 'unpublished'
                and ended.effective_at <= $now::timestamptz
        ),
        'closed',
        'open'
    ) as state,
    $now::timestamptz as created_at,
    nextval('change_seq') as change_seq
from opened
order by delivery_id
