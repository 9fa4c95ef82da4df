-- Proofs made at $now. Frames: proof (DayProof).
insert into archive_proof by name
select $account as account, proof.*, $now::timestamptz as proved_at
from proof
