-- Events by the template they won, and those that found none by their reason.
select coalesce(template_id, '(' || reason || ')') as template, channel, count(*) as events
from event
where template_id is not null or status = 'not_taken_into_account'
group by all
order by events desc, template, channel
