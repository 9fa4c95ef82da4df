-- As in the stores of the accounts.
alter table delivery_log add column url varchar;
alter table delivery_log add column user_agent varchar;
alter table quarantine add column released_at timestamptz;
