-- Rows that could not be read, and mention the address.
update rejected_event set raw = null, detail = null, change_seq = {change_seq}
where
    {owner}
    and (regexp_matches(coalesce(raw, ''), $pattern, 'i') or regexp_matches(coalesce(detail, ''), $pattern, 'i'))
