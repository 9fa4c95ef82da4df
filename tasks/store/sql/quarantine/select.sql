-- Addresses in quarantine, the latest first.
select channel, address, kind, reason, event_id, quarantined_at
from quarantine
where released_at is null
order by quarantined_at desc, address
