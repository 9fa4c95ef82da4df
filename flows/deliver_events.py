"""Flow `deliver-events`: routed events to the account's sender."""

from typing import Annotated

from pydantic import Field

from tasks import deliver_events as stage
from tasks.account_run import account_run
from tasks.artifacts import show_run
from tasks.check_conservation import check_conservation
from tasks.contracts.vocabulary import Queue
from tasks.operated import operated
from tasks.parameters import AccountParameter, NowParameter


@operated("deliver-events")
async def deliver_events(
    account: AccountParameter,
    queue: Annotated[Queue | None, Field(description="Queue of the events; empty: both.")] = None,
    now: NowParameter = None,
) -> dict[str, int]:
    """Renders the messages of routed events and hands them over, each at most once.

    Args:
        account: Execution account.
        queue: Queue of the events; empty: both.
        now: Clock of the run; empty: the real time.
    """
    run = account_run(account, now)
    counts = await stage.deliver_events(run.settings, run.account, now=run.now, queue=queue)
    await show_run("deliver-events", account, counts, check_conservation(run.store))
    return counts
