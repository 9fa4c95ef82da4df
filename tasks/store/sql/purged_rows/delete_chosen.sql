-- Frames: chosen (change_seq, sorted).
delete from {table}
where {owner} and change_seq between $first_seq and $last_seq and change_seq in (select change_seq from chosen)
