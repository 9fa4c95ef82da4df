-- One row per template version, without bodies.
select
    template_id, version, event_type, channel, queue, language, priority, condition, published_at, unpublished_at, paused,
    subject, sender
from template
order by template_id, version
