-- Opens and clicks of the event's message.
select tracking_log.* exclude (change_seq), tracking_url.url
from tracking_log left join tracking_url using (url_id)
where event_id = $event_id
order by logged_at
