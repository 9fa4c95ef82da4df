-- The texts that a delivery uses: one row, or none.
select template.template_id, template.version, template.subject, template.body_text, template.body_html, template.sender
from delivery
join template
    on template.template_id = delivery.template_id and template.version = delivery.template_version
where delivery.delivery_id = $delivery_id
