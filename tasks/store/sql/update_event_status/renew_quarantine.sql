-- Addresses that were released, and bounced or complained again since. Frames: told (channel, address, kind, ...).
update quarantine set
    kind = told.kind,
    reason = told.reason,
    event_id = told.event_id,
    quarantined_at = told.quarantined_at,
    released_at = null,
    change_seq = nextval('change_seq')
from told
where
    quarantine.channel = told.channel
    and quarantine.address = told.address
    and quarantine.released_at < told.quarantined_at
