-- What a purge took counts on both sides of the completeness proof, so it is kept per day of a table.
alter table purged add column replays bigint default 0; -- of the events: made by a replay, so in no file's count
alter table purged add column checksum varchar; -- sum of the rows' hashes, beyond 64 bits, as text
alter table purged add column hashed_as varchar; -- of which columns, by which hash: sums of another kind do not add up
