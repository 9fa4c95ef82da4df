-- The control store: what every execution account archived, under the account's name. Columns are those of the
-- account store, optional beyond the key: a source may lack one. No index on any table that grows: rows are merged by
-- key inside the single writer.

create table schema_migration (name varchar not null, applied_at timestamptz not null);

-- How far each table of each account is archived; written in the transaction that writes the rows.
create table archive_state (
    account varchar not null,
    table_name varchar not null,
    change_seq bigint not null, -- every row up to it is here
    columns varchar[] not null, -- that both sides had; a table is archived anew when they share another one
    archived_at timestamptz not null
);

-- Completeness, per day (UTC) of a table: rows, and the sum of the rows' hashes, on both sides.
create table archive_proof (
    account varchar not null,
    table_name varchar not null,
    day date, -- null: the table has no instants, all of its rows
    source_rows bigint,
    source_checksum varchar, -- a sum beyond 64 bits, as text
    archived_rows bigint,
    archived_checksum varchar,
    equal boolean, -- null: rows were stored, the proof is still due
    proved_at timestamptz
);

create table template (
    account varchar not null,
    template_id varchar not null,
    version integer not null,
    event_type varchar,
    channel varchar,
    queue varchar,
    language varchar,
    priority integer,
    condition varchar,
    published_at timestamptz,
    unpublished_at timestamptz,
    paused boolean,
    subject varchar,
    body_text varchar using compression zstd,
    body_html varchar using compression zstd,
    sender varchar,
    change_seq bigint not null
);

create table event (
    account varchar not null,
    event_id bigint not null,
    event_key varchar,
    parent_event_id bigint,
    queue varchar,
    event_type varchar,
    channel varchar,
    email varchar,
    mobile_phone varchar,
    registration_token varchar,
    language varchar,
    country varchar,
    external_id varchar,
    origin varchar,
    ctx json using compression zstd,
    created_at timestamptz,
    received_at timestamptz,
    scheduled_at timestamptz,
    expires_at timestamptz,
    status varchar,
    reason varchar,
    error_count integer,
    next_try_at timestamptz,
    template_id varchar,
    template_version integer,
    delivery_id bigint,
    processing_at timestamptz,
    processed_at timestamptz,
    source_file varchar,
    change_seq bigint not null
);

create table log_message (
    account varchar not null,
    message_key uuid not null,
    kind varchar,
    text varchar,
    provider varchar,
    first_logged_at timestamptz,
    change_seq bigint not null
);

create table delivery_log (
    account varchar not null,
    log_key uuid not null,
    event_id bigint,
    delivery_id bigint,
    recipient varchar,
    kind varchar,
    rank smallint,
    logged_at timestamptz,
    reason varchar,
    provider varchar,
    provider_message_id varchar,
    source_id varchar,
    applied boolean,
    received_at timestamptz,
    change_seq bigint not null
);

create table tracking_url (
    account varchar not null,
    url_id bigint not null,
    delivery_id bigint,
    url varchar,
    label varchar,
    category varchar,
    change_seq bigint not null
);

create table tracking_log (
    account varchar not null,
    tracking_key uuid not null,
    event_id bigint,
    delivery_id bigint,
    url_id bigint,
    kind varchar,
    logged_at timestamptz,
    user_agent varchar,
    change_seq bigint not null
);

create table quarantine (
    account varchar not null,
    channel varchar not null,
    address varchar not null,
    kind varchar,
    reason varchar,
    event_id bigint,
    quarantined_at timestamptz,
    change_seq bigint not null
);

create table delivery (
    account varchar not null,
    delivery_id bigint not null,
    label varchar,
    event_type varchar,
    channel varchar,
    queue varchar,
    template_id varchar,
    template_version integer,
    month date,
    state varchar,
    created_at timestamptz,
    change_seq bigint not null
);

create table queue_sample (
    account varchar not null,
    sampled_at timestamptz not null,
    queue varchar not null,
    pending bigint,
    pending_delivery bigint,
    change_seq bigint not null
);

create table rejected_event (
    account varchar not null,
    source_file varchar,
    content_hash varchar not null,
    queue varchar,
    line bigint not null,
    reason varchar,
    detail varchar,
    raw varchar using compression zstd,
    rejected_at timestamptz,
    change_seq bigint not null
);

create table rejected_delivery_log (
    account varchar not null,
    source_file varchar,
    content_hash varchar not null,
    line bigint not null,
    reason varchar,
    detail varchar,
    raw varchar using compression zstd,
    rejected_at timestamptz,
    change_seq bigint not null
);

create table ingested_file (
    account varchar not null,
    content_hash varchar not null,
    content varchar not null,
    queue varchar,
    source_file varchar,
    format varchar,
    rows bigint,
    accepted bigint,
    duplicates bigint,
    rejected bigint,
    ingested_at timestamptz,
    change_seq bigint not null
);
