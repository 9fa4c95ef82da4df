"""Flow `recycle-events`: what failed on one channel goes out on the next (the product's recycling workflow)."""

from tasks.account_run import account_run
from tasks.artifacts import show_run
from tasks.check_conservation import check_conservation
from tasks.operated import operated
from tasks.parameters import AccountParameter, DryRunParameter, NowParameter
from tasks.recycle_events import RecycleCounts, recycle


@operated("recycle-events")
async def recycle_events(
    account: AccountParameter, dry_run: DryRunParameter = True, now: NowParameter = None
) -> RecycleCounts:
    """Makes new events, linked to those that failed, on the next of the account's channels.

    Args:
        account: Execution account.
        dry_run: Count what would be done, and change nothing.
        now: Clock of the run; empty: the real time.
    """
    run = account_run(account, now)
    counts = recycle(run, dry_run=dry_run)
    shown = {"dry_run": dry_run, "found": counts.found, "recycled": counts.recycled}
    shown |= {f"to_{channel}": events for channel, events in counts.by_channel.items()}
    await show_run("recycle-events", account, shown, check_conservation(run.store))
    return counts
