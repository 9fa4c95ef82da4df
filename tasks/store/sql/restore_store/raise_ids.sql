-- Ids go on beyond all that were given out.
update local_id
set last_id = greatest(
    last_id, $floor, case name when 'event' then $event when 'delivery' then $delivery else 0 end
)
