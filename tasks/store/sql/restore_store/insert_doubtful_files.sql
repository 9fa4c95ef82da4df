-- Files whose events may have left. Frames: doubtful (content_hash).
insert into doubtful_file by name select distinct content_hash, $batch_id as batch_id from doubtful
