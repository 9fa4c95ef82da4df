-- Why events that came in were errors: status, and the reason up to its first colon.
select account, channel, status, coalesce(split_part(reason, ':', 1), 'no reason told') as reason, count(*) as events
from event
where
    status in ('not_taken_into_account', 'expired', 'delivery_failed', 'ignored')
    and greatest(created_at, scheduled_at) >= $from_at
    and greatest(created_at, scheduled_at) < $to_at
    and ($account::varchar is null or account = $account)
group by all
order by events desc, account, channel, status, reason
