-- Events that the archive has more than once.
select count(*) - count(distinct (account, event_id)) from event
