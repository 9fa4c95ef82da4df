-- Ids that the intake service answered with for a copy of an event that was there already.
create table duplicate_event (event_id bigint not null, event_key varchar not null, received_at timestamptz not null);
