-- The files that the ledger has.
select distinct content_hash from ingested_file
