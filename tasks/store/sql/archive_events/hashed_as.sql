-- Names a way of hashing: columns with their types, and what this engine's hash makes of known values.
select md5(concat($columns, '|', hash(1::bigint, 2::integer, 'a', null::varchar, true, timestamptz '2026-01-01 00:00:00+00')))
