-- Events by channel and language, and how many were sent.
select
    channel,
    coalesce(replace(lower(language), '_', '-'), 'none') as language,
    count(*) as events,
    count(*) filter (status = 'sent') as sent
from event
group by all
order by channel, language
