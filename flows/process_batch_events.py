"""Flow `process-batch-events`: batch events to templates and deliveries (the product's `batchEventsProcessing`)."""

from typing import Annotated

from pydantic import Field

from tasks.account_run import account_run
from tasks.operated import operated
from tasks.parameters import AccountParameter, IngestParameter, NowParameter
from tasks.process_events import ProcessCounts, process_queue


@operated("process-batch-events")
async def process_batch_events(
    account: AccountParameter,
    deliver: Annotated[bool, Field(description="Go on to hand the messages over.")] = True,
    ingest: IngestParameter = False,
    now: NowParameter = None,
) -> ProcessCounts:
    """Links due batch events to their templates and deliveries, and hands the messages over.

    Args:
        account: Execution account.
        deliver: Go on to hand the messages over.
        ingest: First take in what waits in the queue's inbox.
        now: Clock of the run; empty: the real time.
    """
    return await process_queue(account_run(account, now), "batch", ingest=ingest, deliver=deliver)
