"""Flow `purge-events`: what has had its time leaves an account and its archive (the product's database cleanup)."""

from tasks import purge_events as stage
from tasks.account_run import account_run
from tasks.artifacts import show_run, show_table
from tasks.check_conservation import check_conservation
from tasks.operated import operated
from tasks.parameters import AccountParameter, DryRunParameter, NowParameter


@operated("purge-events")
async def purge_events(
    account: AccountParameter, dry_run: DryRunParameter = True, now: NowParameter = None
) -> stage.PurgeResult:
    """Deletes rows older than the account's retention, in the account and in the archive, and gives their space back.

    Args:
        account: Execution account.
        dry_run: Count what would be done, and change nothing.
        now: Clock of the run; empty: the real time.
    """
    run = account_run(account, now)
    result = stage.purge_events(run.settings, run.account, now=run.now, dry_run=dry_run)
    counts = {"dry_run": dry_run, **result.deleted}
    await show_run("purge-events", account, counts, check_conservation(run.store))
    if result.compacted:
        rewritten = [vars(one) for one in result.compacted]
        await show_table(f"purge-events-files-{account}", rewritten, "Store files, before and after")
    return result
