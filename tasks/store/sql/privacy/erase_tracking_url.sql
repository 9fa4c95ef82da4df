-- Links that mention the address.
update tracking_url set url = regexp_replace(regexp_replace(url, $pattern, $replacement, 'gi'), $pattern, $replacement, 'gi'), change_seq = {change_seq}
where {owner} and regexp_matches(url, $pattern, 'i')
