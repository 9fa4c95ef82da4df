-- The rows that are JSON objects or lists. Frames: received_row (line, raw, document, problem).
select line, raw, document as text
from received_row
where problem is null and json_valid(document) and json_type(document) in ('OBJECT', 'ARRAY')
