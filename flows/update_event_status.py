"""Flow `update-event-status`: delivery logs into event statuses (the product's `updateEventStatus`)."""

from tasks.account_run import account_run
from tasks.announce import announce
from tasks.artifacts import show_run
from tasks.check_conservation import check_conservation
from tasks.collect_delivery_logs import CollectCounts
from tasks.operated import operated
from tasks.parameters import AccountParameter, CollectParameter, NowParameter, RecycleParameter
from tasks.recycle_events import recycle as recycle_failed
from tasks.show_rejects import show_rejects
from tasks.take_in_files import collect_files
from tasks.update_event_status import StatusCounts, apply_statuses, give_up_on_silent, join_statuses, read_open_logs


@operated("update-event-status")
async def update_event_status(
    account: AccountParameter,
    collect: CollectParameter = False,
    recycle: RecycleParameter = False,
    now: NowParameter = None,
) -> StatusCounts:
    """Gives events the status that their delivery logs say, whatever the order in which these arrived.

    Args:
        account: Execution account.
        collect: First collect the delivery logs that wait in the inbox.
        recycle: Then send what failed on the next of the account's fallback channels, if it has any.
        now: Clock of the run; empty: the real time.
    """
    run = account_run(account, now)
    collected = collect_files(run) if collect else CollectCounts()
    silent = give_up_on_silent(run.store, account=run.account, now=run.now)
    logs = read_open_logs(run.store)
    changes = join_statuses(logs, account=run.account)
    counts = apply_statuses(run.store, logs, changes, account=run.account, now=run.now)
    shown = vars(counts) | {f"collect_{name}": count for name, count in vars(collected).items() if collect}
    shown |= {"without_outcome": silent} if silent else {}
    if recycle and run.account.fallback_channels:
        shown["recycled"] = recycle_failed(run, dry_run=False).recycled
    await show_rejects(run, None, rejected=collected.rejected, unreadable_files=collected.unreadable_files)
    await show_run("update-event-status", account, shown, check_conservation(run.store))
    if counts.changed:
        announce("statuses.updated", account, changed=counts.changed)
    return counts
