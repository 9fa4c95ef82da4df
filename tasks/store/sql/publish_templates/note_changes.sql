-- Notes what was done to versions of templates. Frames: changed (template_id, version, action, effective_at).
insert into template_change by name
select
    template_id, version, changed.action, changed.effective_at, $changed_at::timestamptz as changed_at,
    $changed_by as changed_by,
    sha256(
        to_json([
            event_type, channel, queue, language, priority::varchar, condition, subject, body_text, body_html, sender
        ])::varchar
    ) as content_hash,
    nextval('change_seq') as change_seq
from template
join changed using (template_id, version)
order by template_id, version
