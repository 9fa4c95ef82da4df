-- Report processing_time of $account (null: all of them) between $from_at and $to_at (null: unbounded).
select *
from processing_time_between($from_at::timestamptz, $to_at::timestamptz)
where $account::varchar is null or account = $account
