-- The address in quarantine: it can be used again.
update quarantine set
    address = 'erased-' || md5(address || uuid()::varchar),
    reason = null,
    released_at = coalesce(released_at, $now::timestamptz),
    change_seq = nextval('change_seq')
where regexp_matches(address, $pattern, 'i') or regexp_matches(coalesce(reason, ''), $pattern, 'i')
