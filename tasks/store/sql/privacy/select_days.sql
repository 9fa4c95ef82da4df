-- The days of rows that mention an address, or belong to events that are about it. Frames: erased (event_id).
select distinct cast({day} at time zone 'UTC' as date) as day from {table} where {owner} and ({mentions} or {of_event})
