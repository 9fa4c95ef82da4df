-- What the publication of the control store follows. Published rows lie in files that never change; a row that was
-- changed or deleted since is named here until the published data leaves it out.

create sequence superseded_entry;

create table superseded_row (
    table_name varchar not null,
    account varchar not null,
    change_seq bigint not null, -- of the row as it was: the sequence of the account's store, so unique there
    entry bigint not null default nextval('superseded_entry')
);

-- The editions that were made from this store. One that is not among them was made from another state of it.
create table published_edition (token varchar not null);
