-- The address in the archived quarantine: the account's row comes again, without it.
delete from quarantine
where {owner} and (regexp_matches(address, $pattern, 'i') or regexp_matches(coalesce(reason, ''), $pattern, 'i'))
