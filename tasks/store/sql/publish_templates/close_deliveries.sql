-- Closes the deliveries of $template_id up to $version: nothing that they have not handed over is sent any more.
update delivery
set state = 'closed', change_seq = nextval('change_seq')
where template_id = $template_id and template_version <= $version and state = 'open'
