-- Delivery-log rows by account and kind; those that wait for their event are parked.
select
    account,
    kind,
    count(*) as rows,
    count(*) filter (not applied) as parked
from delivery_log
group by all
order by account, rows desc, kind
