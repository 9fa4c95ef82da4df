"""The numbers of the page of reports, read from the published control data."""

from datetime import datetime
from pathlib import Path
from typing import Final

from tasks.contracts.report_page import ReportNumbers, step_of
from tasks.store.published import NothingPublishedError, reading_published

REPORTS: Final = ("service_level", "processing_time", "event_history")
STEPPED: Final = ("volumes", "times", "depths")
OTHERS: Final = ("errors", "lengths", "indicators")


def report_numbers(
    path: Path, *, account: str | None = None, from_at: datetime | None = None, to_at: datetime | None = None
) -> ReportNumbers:
    """All numbers of a period; `indicators` are not judged yet.

    Args:
        path: The published control data.
        account: One execution account; None: all.
        from_at: The period's first instant; None: from the first event on.
        to_at: The instant that ends the period; None: up to the last event.

    Raises:
        NothingPublishedError: There is no published data yet, or no event in it.
    """
    with reading_published(path) as session:
        ((first, end),) = session.rows("report_page/period", account=account, from_at=from_at, to_at=to_at)
        if first is None or end is None:
            raise NothingPublishedError(f"{path} holds no event{f' of account {account}' if account else ''} yet.")
        period = {"account": account, "from_at": first, "to_at": end}
        step = step_of(first, end)
        frames = {name: session.frame(f"reports/{name}", **period) for name in REPORTS}
        frames |= {name: session.frame(f"report_page/{name}", **period, seconds=step) for name in STEPPED}
        frames |= {name: session.frame(f"report_page/{name}", **period) for name in OTHERS}
    return ReportNumbers(first, end, step, frames)
