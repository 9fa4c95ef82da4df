-- Ends the version of $template_id that is in force at $at: the one published last, unless it has ended.
update template
set unpublished_at = $at, change_seq = nextval('change_seq')
where template_id = $template_id
    and version = (
        select version
        from template
        where template_id = $template_id and published_at <= $at
        order by published_at desc, version desc
        limit 1
    )
    and (unpublished_at is null or unpublished_at > $at)
returning template_id, version
