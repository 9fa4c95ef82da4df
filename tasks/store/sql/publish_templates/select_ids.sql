-- One row per template.
select distinct template_id
from template
order by template_id
