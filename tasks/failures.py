"""What a failed run leaves: a line in its log, its state's message, a page that says what to do, and an alert."""

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, Final

from prefect import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Failed
from prefect.utilities.urls import url_for

from tasks.advice import FAILED_PROOFS, known, what_to_do
from tasks.alerts import ended, raised
from tasks.artifacts import show_markdown
from tasks.contracts.alerts import Alert
from tasks.operated_run import OperatedRun
from tasks.settings import Settings

PAGE: Final = """\
# {subject} failed

{line}

| | |
|---|---|
| what it is | {means} |
| **what to do** | {do} |
| see more | {more} |
| the run | {link} |
| when | {at:%Y-%m-%d %H:%M:%S}Z |

What the run had committed is kept; the next run goes on from there.
"""


async def fail(run: OperatedRun, error: Exception) -> State[Any]:
    """The state of a run that failed, once its operator was told. What cannot be told costs a warning, no more."""
    run.tell(error)
    get_run_logger().info("What happened, at length:", exc_info=error)
    at = datetime.now(UTC)
    link = run_link()
    await told_if_possible(_leave_page(run, error, at, link), "No artifact could be left")
    await told_if_possible(_alert_people(run, error, at, link), "No alert could be raised")
    return Failed(name="TimedOut" if error is run.over_its_limit else "Failed", message=run.line(error), data=error)


async def recovered(run: OperatedRun) -> None:
    """Ends the alerts that former runs of the flow raised for the account."""
    await told_if_possible(_all_clear(run), "The alert of a former run could not be ended")


async def _leave_page(run: OperatedRun, error: Exception, at: datetime, link: str) -> None:
    trouble = known(error)
    account = f" --account {run.account}" if run.account else ""
    text = PAGE.format(
        subject=run.subject,
        line=run.line(error),
        means=trouble.means if trouble else type(error).__name__,
        do=what_to_do(error),
        more=f"`message-center doctor{account}`, `prefect flow-run logs {run.run_id}`",
        link=f"[{flow_run.get_name()}]({link})",
        at=at,
    )
    await show_markdown(failure_key(run.flow, run.account), text, f"What to do about the last failure of {run.subject}")


def failure_key(flow: str, account: str | None) -> str:
    """The key of the page that a flow's failures leave."""
    return f"failure-{flow}-{account}" if account else f"failure-{flow}"


async def _alert_people(run: OperatedRun, error: Exception, at: datetime, link: str) -> None:
    alert = Alert(
        key=_key(run),
        kind="failed-proof" if type(error).__name__ in FAILED_PROOFS else "failed-run",
        account=run.account,
        severity="alert",
        text=run.line(error),
        what_to_do=what_to_do(error),
        run_url=link,
        at=at,
    )
    await raised(Settings(), alert)


async def _all_clear(run: OperatedRun) -> None:
    await ended(Settings(), _key(run), run_url=run_link())


def run_link() -> str:
    """Where to look at the flow run that this code is a part of."""
    return url_for("flow-run", flow_run.get_id()) or ""


def _key(run: OperatedRun) -> str:
    return f"run/{run.flow}/{run.account or ''}"


async def told_if_possible(telling: Awaitable[None], otherwise: str) -> None:
    """Awaits what tells people about a run; where that is not possible the run's log says so, and no more."""
    try:
        await telling
    except Exception as error:  # noqa: BLE001 # the run's own failure is what counts
        get_run_logger().warning("%s: %s", otherwise, error)
