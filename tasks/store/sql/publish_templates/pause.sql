-- Sets all versions of $template_id to $paused; returns those that were not.
update template
set paused = $paused, change_seq = nextval('change_seq')
where template_id = $template_id and paused <> $paused
returning template_id, version
