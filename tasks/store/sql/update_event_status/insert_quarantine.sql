-- Addresses that are not in quarantine yet. Frames: told (channel, address, kind, reason, event_id, quarantined_at).
insert into quarantine by name
select told.*, nextval('change_seq') as change_seq
from told
where not exists (
    from quarantine where quarantine.channel = told.channel and quarantine.address = told.address
)
