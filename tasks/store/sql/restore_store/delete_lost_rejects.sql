-- Rejected rows that came back without the ledger row of their file: the file brings them again.
delete from rejected_event
where content_hash not in (select content_hash from ingested_file where content = 'event')
