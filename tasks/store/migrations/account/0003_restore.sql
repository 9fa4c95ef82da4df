-- What the senders' records know of events that a restored store lost, or has as not handed over yet. Taken in again,
-- an event gets the id it had, under which it was handed over; neither its expiry nor its schedule matter any more.
create table handed_over_event (event_key varchar not null, event_id bigint not null);

-- Files that a restored store does not know, and whose events may have been handed over without a record that is left:
-- taken in again, these events are held by the batch.
create table doubtful_file (content_hash varchar not null, batch_id varchar not null);
