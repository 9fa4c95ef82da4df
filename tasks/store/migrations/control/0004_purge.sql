-- What a purge took from the archive, per day of a table: it counts on this side of the completeness proof.
create table purged (
    account varchar not null,
    table_name varchar not null,
    day date not null,
    rows bigint not null,
    purged_at timestamptz not null,
    replays bigint default 0,
    checksum varchar,
    hashed_as varchar
);
