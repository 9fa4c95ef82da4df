-- The texts that deliveries use: one row each, or none. Frames: wanted (delivery_id).
select
    delivery.delivery_id, template.template_id, template.version, template.subject, template.body_text,
    template.body_html, template.sender
from delivery
join template
    on template.template_id = delivery.template_id and template.version = delivery.template_version
where delivery.delivery_id in (select delivery_id from wanted)
