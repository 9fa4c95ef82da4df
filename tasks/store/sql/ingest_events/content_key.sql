-- The key of an event without an id: a 128-bit hash of its normalised content. The leaves of ctx count by path
-- and text, so neither the order of fields nor the format they came in makes a difference.
-- Frames: event (line and the content columns of CandidateEvent, with the leaves of ctx).
select
    event.line,
    md5(concat_ws(
        chr(31),
        event.event_type,
        event.channel,
        coalesce(event.email, ''),
        coalesce(event.mobile_phone, ''),
        coalesce(event.registration_token, ''),
        coalesce(event.language, ''),
        coalesce(event.country, ''),
        coalesce(event.external_id, ''),
        coalesce(event.origin, ''),
        coalesce(epoch_us(event.created_at)::varchar, ''),
        coalesce(epoch_us(event.scheduled_at)::varchar, ''),
        coalesce(epoch_us(event.expires_at)::varchar, ''),
        event.leaves
    )) as content_key
from event
