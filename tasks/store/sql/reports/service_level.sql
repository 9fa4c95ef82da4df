-- Report service_level of $account (null: all of them) between $from_at and $to_at (null: unbounded).
select *
from service_level_between($from_at::timestamptz, $to_at::timestamptz)
where $account::varchar is null or account = $account
