"""Flow `collect-delivery-logs`: what providers say, into the store of an execution account."""

from typing import Annotated

from pydantic import Field

from tasks.account_run import account_run
from tasks.artifacts import show_run
from tasks.check_conservation import check_conservation
from tasks.collect_delivery_logs import CollectCounts
from tasks.contracts.provider_logs import LogFormat
from tasks.exchange.named_files import named_files
from tasks.operated import operated
from tasks.parameters import AccountParameter, NowParameter, PathsParameter
from tasks.show_rejects import show_rejects
from tasks.take_in_files import collect_files


@operated("collect-delivery-logs")
async def collect_delivery_logs(
    account: AccountParameter,
    paths: PathsParameter = None,
    format: Annotated[LogFormat, Field(description="Format of the logs.")] = "auto",  # noqa: A002
    now: NowParameter = None,
) -> CollectCounts:
    """Stores each row of delivery logs once; rows whose event is not known yet wait, bad rows are set aside.

    Args:
        account: Execution account.
        paths: Files or folders; empty: all that waits in the account's inbox for delivery logs.
        format: Format of the logs; `auto` tells by each row, or by the beginning of a file that is no JSON.
        now: Clock of the run; empty: the real time.
    """
    run = account_run(account, now)
    counts = collect_files(run, named_files(paths) if paths else None, format)
    await show_rejects(run, None, rejected=counts.rejected, unreadable_files=counts.unreadable_files)
    await show_run("collect-delivery-logs", account, vars(counts), check_conservation(run.store))
    return counts
