"""Second chance for events that no template was found for: new ones, where a template would take them now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from tasks.account_run import AccountRun
from tasks.contracts.child_events import Child
from tasks.route_events import read_routing_templates, route
from tasks.stage import stage
from tasks.store import child_events as in_store


@dataclass(frozen=True)
class ReplayCounts:
    """What a replay found, and made."""

    found: int
    """Events not taken into account, of those asked for, that were not replayed before."""
    with_template: int
    """Of these, the ones that a template takes now."""
    expired: int
    """Of these, the ones whose expiry has passed: they are left alone."""
    replayed: int


@stage
def replay(
    run: AccountRun,
    *,
    event_type: str | None,
    from_at: datetime | None,
    to_at: datetime | None,
    event_ids: Sequence[int] | None,
    dry_run: bool,
) -> ReplayCounts:
    """Makes new events in the place of those that a template takes now; each is replayed once, ever."""
    events = in_store.replayable(run.store, event_type=event_type, from_at=from_at, to_at=to_at, event_ids=event_ids)
    decisions = route(run.store, events, read_routing_templates(run.store), now=run.now).decisions
    ends = dict(decisions.group_by("status").len().iter_rows())
    taken = decisions.filter(pl.col("status") == "pending_delivery").select("event_id")
    children = Child.validate(
        events.join(taken, on="event_id", how="semi", maintain_order="left").select(
            pl.col("event_id").alias("parent_event_id"), "channel"
        )
    )
    made = 0
    if not dry_run:
        made = in_store.make_children(
            run.store,
            children,
            what="replay",
            status="not_taken_into_account",
            cell_id=run.account.cell_id,
            now=run.now,
        )
    return ReplayCounts(events.height, children.height, ends.get("expired", 0), made)
