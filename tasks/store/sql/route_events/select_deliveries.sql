-- The deliveries of a month.
select delivery_id, queue, template_id, template_version
from delivery
where month = $month::date
