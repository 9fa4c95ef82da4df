-- What the publication of the control store follows. Published rows lie in files that never change; a row that was
-- changed or deleted since is named here until the published data leaves it out.

create sequence superseded_entry;

create table superseded_row (
    table_name varchar not null,
    account varchar not null,
    change_seq bigint not null, -- of the row as it was: the sequence of the account's store, so unique there
    entry bigint not null default nextval('superseded_entry')
);

-- The last edition that the entries up to `superseded_upto` went into, which are forgotten here.
create table published_edition (edition bigint not null, superseded_upto bigint not null);
insert into published_edition values (0, 0);
