-- Events accepted, by the ledger of files and by the events themselves: both must agree.
select
    (select coalesce(sum(accepted), 0) from ingested_file where content = 'event')::bigint
    + (select count(*) from event where parent_event_id is not null)
    + (select coalesce(sum(replays), 0) from purged where table_name = 'event')::bigint as accepted,
    (select count(*) from event) as stored,
    (select coalesce(sum(rows), 0) from purged where table_name = 'event')::bigint as purged,
    (select count(*) from ingested_file where rows <> accepted + duplicates + rejected) as unbalanced_files,
    (select coalesce(sum(rejected), 0) from ingested_file where content = 'event')::bigint as rejected,
    (select count(*) from rejected_event) as rejected_rows
