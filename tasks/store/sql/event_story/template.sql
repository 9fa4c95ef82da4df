-- The template version that the event was linked to, without its bodies.
select * exclude (body_text, body_html, change_seq)
from template
where (template_id, version) in (select (template_id, template_version) from event where event_id = $event_id)
