-- One row per version of the templates in wanted (template_id).
select
    template_id, version, event_type, channel, queue, language, priority, condition, published_at, unpublished_at, paused,
    subject, body_text, body_html, sender
from template
where template_id in (select template_id from wanted)
order by template_id, version
