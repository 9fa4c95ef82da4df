-- The store of one execution account. No index on any table that grows: uniqueness is an anti-join
-- inside the single writer, and an audit query.

create table schema_migration (name varchar not null, applied_at timestamptz not null);

create sequence change_seq;

-- The last id given out, per kind of id, local to the account's cell.
create table local_id (name varchar not null, last_id bigint not null);
insert into local_id values ('event', 0), ('delivery', 0), ('delivery_batch', 0);

create table event (
    event_id bigint not null,
    event_key varchar not null,
    parent_event_id bigint,
    queue varchar not null,
    event_type varchar not null,
    channel varchar not null,
    email varchar,
    mobile_phone varchar,
    registration_token varchar,
    language varchar,
    country varchar,
    external_id varchar,
    origin varchar,
    ctx json using compression zstd not null,
    created_at timestamptz not null,
    received_at timestamptz not null,
    scheduled_at timestamptz,
    expires_at timestamptz,
    status varchar not null,
    reason varchar,
    error_count integer not null default 0,
    next_try_at timestamptz,
    template_id varchar,
    template_version integer,
    delivery_id bigint,
    processing_at timestamptz,
    processed_at timestamptz,
    source_file varchar,
    change_seq bigint not null
);

-- Every key ever accepted: outlives the events themselves.
create table event_key (event_key varchar not null, event_id bigint not null, received_at timestamptz not null);

create table rejected_event (
    source_file varchar not null,
    content_hash varchar not null,
    queue varchar not null,
    line bigint not null,
    reason varchar not null,
    detail varchar,
    raw varchar using compression zstd,
    rejected_at timestamptz not null,
    change_seq bigint not null
);

create table rejected_delivery_log (
    source_file varchar not null,
    content_hash varchar not null,
    line bigint not null,
    reason varchar not null,
    detail varchar,
    raw varchar using compression zstd,
    rejected_at timestamptz not null,
    change_seq bigint not null
);

create table ingested_file (
    content_hash varchar not null,
    content varchar not null, -- event, delivery_log
    queue varchar,
    source_file varchar not null,
    format varchar not null,
    rows bigint not null,
    accepted bigint not null,
    duplicates bigint not null,
    rejected bigint not null,
    ingested_at timestamptz not null,
    change_seq bigint not null
);

create table template (
    template_id varchar not null,
    version integer not null,
    event_type varchar not null,
    channel varchar not null,
    queue varchar,
    language varchar,
    priority integer not null,
    condition varchar,
    published_at timestamptz not null,
    unpublished_at timestamptz,
    paused boolean not null,
    subject varchar,
    body_text varchar using compression zstd,
    body_html varchar using compression zstd,
    sender varchar,
    change_seq bigint not null
);

create table delivery (
    delivery_id bigint not null,
    label varchar not null,
    event_type varchar not null,
    channel varchar not null,
    queue varchar not null,
    template_id varchar not null,
    template_version integer not null,
    month date not null,
    state varchar not null,
    created_at timestamptz not null,
    change_seq bigint not null
);

-- A batch is claimed before it is sent; what a crash leaves claimed is settled from the sender's record.
create table delivery_batch (
    batch_id varchar not null,
    delivery_id bigint not null,
    sender varchar not null,
    state varchar not null, -- claimed, confirmed, returned
    reason varchar, -- of a returned batch: why nothing of it left
    messages bigint not null, -- handed to the sender, so without those that could not be rendered
    claimed_at timestamptz not null,
    settled_at timestamptz
);

-- Events that a batch holds or held. Without a row here, an event pending delivery is still to be handed over.
create table hand_over (
    event_id bigint not null,
    batch_id varchar not null,
    outcome varchar -- taken, refused, unsure, not_rendered; null while the batch is claimed
);

-- What identifies a delivery-log row. Lengths keep neighbouring texts apart, '-' is a null; an event's own id is enough.
create macro log_key(event_id, provider_message_id, recipient, kind, logged_at, source_id) as
    cast(md5(concat(
        coalesce('event ' || event_id, 'message ' || strlen(provider_message_id) || ':' || provider_message_id, '-'), '|',
        coalesce(strlen(lower(recipient)) || ':' || lower(recipient), '-'), '|',
        kind, '|', epoch_us(logged_at), '|',
        coalesce(strlen(source_id) || ':' || source_id, '-')
    )) as uuid);

create table delivery_log (
    log_key uuid not null, -- log_key(event_id, provider_message_id, recipient, kind, logged_at, source_id)
    event_id bigint,
    delivery_id bigint,
    recipient varchar,
    kind varchar not null,
    rank smallint,
    logged_at timestamptz not null,
    reason varchar,
    provider varchar,
    provider_message_id varchar,
    source_id varchar,
    applied boolean not null,
    received_at timestamptz not null,
    change_seq bigint not null
);

create table log_message (
    message_key uuid not null, -- md5 of kind and text
    kind varchar not null,
    text varchar not null,
    provider varchar,
    first_logged_at timestamptz not null,
    change_seq bigint not null
);

create table tracking_url (
    url_id bigint not null,
    delivery_id bigint,
    url varchar not null,
    label varchar,
    category varchar,
    change_seq bigint not null
);

create table tracking_log (
    tracking_key uuid not null,
    event_id bigint not null,
    delivery_id bigint,
    url_id bigint,
    kind varchar not null,
    logged_at timestamptz not null,
    user_agent varchar,
    change_seq bigint not null
);

create table quarantine (
    channel varchar not null,
    address varchar not null,
    kind varchar not null,
    reason varchar,
    event_id bigint,
    quarantined_at timestamptz not null,
    change_seq bigint not null
);

create table queue_sample (
    sampled_at timestamptz not null, -- start of a five-minute bin
    queue varchar not null,
    pending bigint not null,
    pending_delivery bigint not null,
    change_seq bigint not null
);

-- How far a stage has read the change sequence.
create table watermark (name varchar not null, change_seq bigint not null);
insert into watermark values ('update_event_status', 0);

create table purged (table_name varchar not null, day date not null, rows bigint not null, purged_at timestamptz not null);
