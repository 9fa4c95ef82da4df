-- Events that are about an address.
select event_id from event where {owner} and ({mentions}) order by event_id
