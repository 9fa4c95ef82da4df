-- Type and channel of template versions. Frames: winning (template_id, template_version).
select template.template_id, template.version as template_version, template.event_type, template.channel
from template
join winning on winning.template_id = template.template_id and winning.template_version = template.version
