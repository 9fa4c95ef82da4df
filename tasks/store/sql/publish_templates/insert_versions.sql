-- Inserts new_version (the columns of a template).
insert into template by name
select
    template_id, version, event_type, channel, queue, language, priority, condition, published_at, unpublished_at, paused,
    subject, body_text, body_html, sender, nextval('change_seq') as change_seq
from new_version
