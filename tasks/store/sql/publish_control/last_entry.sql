-- The last entry made, and the edition that was the last to be confirmed.
select
    greatest((select max(entry) from superseded_row), superseded_upto) as last_entry,
    edition
from published_edition
