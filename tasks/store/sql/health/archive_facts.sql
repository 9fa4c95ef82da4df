-- How far each account is archived, when that last moved, and how many days of it differ.
with different as (
    select account, count(*) as days from archive_proof where equal = false group by account
)

select
    state.account,
    max(state.change_seq) as change_seq,
    max(state.archived_at) as archived_at,
    coalesce(any_value(different.days), 0) as different_days
from archive_state as state
left join different on different.account = state.account
group by state.account
