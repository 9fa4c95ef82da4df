-- What was clicked and with what, as the provider told it, until the click is tracked; addresses that may be used again.
alter table delivery_log add column url varchar;
alter table delivery_log add column user_agent varchar;
alter table quarantine add column released_at timestamptz;
insert into local_id values ('tracking_url', 0);
