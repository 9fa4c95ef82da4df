-- What was done to the versions of a template, or (null) of all, in order.
select template_id, version, action, effective_at, changed_at, changed_by, content_hash
from template_change
where $template_id::varchar is null or template_id = $template_id
order by change_seq
