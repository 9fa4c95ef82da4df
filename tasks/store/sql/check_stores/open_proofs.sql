-- Days of which source and archive differ, or that are still to be proved.
select
    account,
    table_name,
    count(*) filter (not equal) as different,
    count(*) filter (equal is null) as due,
    min(day) as first_day
from archive_proof
where equal is distinct from true
group by account, table_name
order by account, table_name
