"""Second chance for events that failed on one channel: new ones, on the next channel of the account.

In the product this is a workflow that people make by hand.
"""

from dataclasses import dataclass
from datetime import timedelta

from tasks.account_run import AccountRun
from tasks.stage import stage
from tasks.store import child_events as in_store


@dataclass(frozen=True)
class RecycleCounts:
    """What recycling found, and made."""

    found: int
    """Events that failed of late, did not arrive by any sign, and have an address for a next channel."""
    by_channel: dict[str, int]
    """Of these, by the channel that they go out on next."""
    recycled: int


@stage
def recycle(run: AccountRun, *, dry_run: bool) -> RecycleCounts:
    """Makes new events on the next channel; each is recycled once, ever, and its own failure recycles it further."""
    since = run.now - timedelta(hours=run.account.recycle_within_hours)
    children = in_store.recyclable(run.store, run.account.fallback_channels, since=since, now=run.now)
    made = 0
    if not dry_run:
        made = in_store.make_children(
            run.store, children, what="recycle", status="delivery_failed", cell_id=run.account.cell_id, now=run.now
        )
    by_channel = dict(children.group_by("channel").len().sort("channel").iter_rows())
    return RecycleCounts(children.height, by_channel, made)
