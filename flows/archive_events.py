"""Flow `archive-events`: an account's changes into the control store (the product's `mcSynch_<account>`)."""

from tasks import archive_events as stage
from tasks.account_run import account_run
from tasks.announce import announce
from tasks.artifacts import published_page, show_markdown, show_run, show_table
from tasks.check_conservation import check_conservation
from tasks.operated import operated
from tasks.parameters import AccountParameter, NowParameter


@operated("archive-events")
async def archive_events(account: AccountParameter, now: NowParameter = None) -> stage.ArchiveResult:
    """Brings what changed in an account to the control store, proves it complete, and publishes it for analysts.

    Args:
        account: Execution account.
        now: Clock of the run; empty: the real time.
    """
    run = account_run(account, now)
    result = stage.archive_events(run.settings, run.account, now=run.now)
    await show_table(f"proof-{account}", result.proofs, f"Completeness of the archive of account {account}")
    if result.published:
        await show_markdown(f"published-{account}", published_page(run.settings), "Where analysts find the archive")
    await show_run("archive-events", account, result.upserted, check_conservation(run.store))
    announce("archive.finished", account, upserted=sum(result.upserted.values()))
    return result
