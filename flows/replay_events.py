"""Flow `replay-events`: events not taken into account get a second chance once their template is published."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from tasks.account_run import account_run
from tasks.artifacts import show_run
from tasks.check_conservation import check_conservation
from tasks.operated import operated
from tasks.parameters import AccountParameter, DryRunParameter, IdsParameter, NowParameter
from tasks.replay_events import ReplayCounts, replay

TypeParameter = Annotated[str | None, Field(max_length=200, description="Events of this type; empty: of any.")]
FromParameter = Annotated[AwareDatetime | None, Field(description="Routed from this instant on.")]
ToParameter = Annotated[AwareDatetime | None, Field(description="Routed before this instant.")]


@operated("replay-events")
async def replay_events(
    account: AccountParameter,
    *,
    event_type: TypeParameter = None,
    from_at: FromParameter = None,
    to_at: ToParameter = None,
    event_ids: IdsParameter = None,
    dry_run: DryRunParameter = True,
    now: NowParameter = None,
) -> ReplayCounts:
    """Makes new events, linked to the old ones, for those that a template takes now.

    Args:
        account: Execution account.
        event_type: Events of this type; empty: of any.
        from_at: Routed from this instant on.
        to_at: Routed before this instant.
        event_ids: These events; empty: any.
        dry_run: Count what would be done, and change nothing.
        now: Clock of the run; empty: the real time.
    """
    run = account_run(account, now)
    counts = replay(run, event_type=event_type, from_at=from_at, to_at=to_at, event_ids=event_ids, dry_run=dry_run)
    await show_run("replay-events", account, {"dry_run": dry_run, **vars(counts)}, check_conservation(run.store))
    return counts
