"""Flow `process-rt-events`: real-time events to templates and deliveries (the product's `rtEventsProcessing`)."""

from typing import Annotated

from pydantic import Field

from tasks.account_run import account_run
from tasks.operated import operated
from tasks.parameters import AccountParameter, IngestParameter, NowParameter
from tasks.process_events import ProcessCounts, process_queue
from tasks.rt_loop import process_in_real_time
from tasks.stop_signal import ended


@operated("process-rt-events")
async def process_rt_events(  # noqa: PLR0917 # by name
    account: AccountParameter,
    deliver: Annotated[bool, Field(description="Go on to hand the messages over.")] = True,
    ingest: IngestParameter = False,
    now: NowParameter = None,
    run_seconds: Annotated[
        float, Field(ge=0, le=86_400, description="Stay, and process what arrives; 0: process what is there.")
    ] = 0,
    poll_seconds: Annotated[float, Field(ge=0.01, le=60, description="Between two looks at the inbox.")] = 0.1,
) -> ProcessCounts:
    """Links due real-time events to their templates and deliveries, and hands the messages over.

    Args:
        account: Execution account.
        deliver: Go on to hand the messages over.
        ingest: First take in what waits in the queue's inbox.
        now: Clock of the run; empty: the real time.
        run_seconds: 0: one pass. Else the run stays and processes what arrives, at once, until another such run comes
            to go on in its place, which is expected after this time; at most four times as long.
        poll_seconds: Between two looks at the inbox while nothing arrives.
    """
    run = account_run(account, now)
    if not run_seconds:
        return await process_queue(run, "rt", ingest=ingest, deliver=deliver)
    if now:
        raise ValueError("A run that stays has the real clock: leave `now` empty, or set run_seconds to 0.")
    counts = await process_in_real_time(
        run, deliver=deliver, ingest=ingest, run_seconds=run_seconds, poll_seconds=poll_seconds
    )
    result: ProcessCounts = await ended(counts)
    return result
