"""What a run rejected, as a table in the Prefect UI that says where the rest is."""

from pathlib import Path
from typing import Final

from tasks.account_run import AccountRun
from tasks.artifacts import show_table
from tasks.contracts.vocabulary import Queue
from tasks.exchange.inbox import newest_reasons
from tasks.store.rejected_rows import RejectedContent, newest_rejected
from tasks.transforms.rejected_rows import shown_rejects

ROWS: Final = 20
QUERY: Final = "select source_file, line, reason, raw from rejected_{content} where account = '{account}'"


async def show_rejects(run: AccountRun, of: Queue | None, *, rejected: int, unreadable_files: int) -> None:
    """Leaves the newest rows that a run rejected, and why files were unreadable; nothing where there were none.

    Args:
        run: The run on an account.
        of: The queue of the events; None: delivery logs.
        rejected: Rows rejected.
        unreadable_files: Files set aside whole.
    """
    rows: list[dict[str, object]] = []
    content: RejectedContent = "event" if of else "delivery_log"
    folder = _inbox(run, of) / "rejected"
    if unreadable_files:
        reasons = newest_reasons(folder, min(ROWS, unreadable_files))
        rows += [{"file": name, "line": "", "reason": "unreadable", "detail": why} for name, why in reasons]
    if rejected:
        rows += shown_rejects(newest_rejected(run.store, content, at=run.now, rows=ROWS)).to_dicts()
    if rows:
        query = QUERY.format(content=content, account=run.account.name)
        await show_table(
            f"rejects-{run.account.name}",
            rows,
            f"{rejected} rows and {unreadable_files} files were rejected, of which these. All rows, once "
            f'archived: `message-center query "{query}"`. Files set aside, each with its reason: `{folder}`.',
        )


def _inbox(run: AccountRun, of: Queue | None) -> Path:
    settings, name = run.settings, run.account.name
    return settings.inbox(name, of) if of else settings.delivery_log_inbox(name)
