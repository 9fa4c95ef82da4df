"""Flow `show-reports`: service level, processing time and event history of a period, as tables and as one page."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from tasks.artifacts import show_markdown, show_table
from tasks.contracts.accounts import AccountName
from tasks.operated import operated
from tasks.report_page import read_reports, write_reports
from tasks.settings import Settings

TITLES = {"service_level": "Service level", "processing_time": "Processing time", "event_history": "Event history"}


@operated("show-reports")
async def show_reports(
    account: Annotated[AccountName | None, Field(description="Execution account; empty: all.")] = None,
    from_at: Annotated[AwareDatetime | None, Field(description="From this instant on; empty: from the first.")] = None,
    to_at: Annotated[
        AwareDatetime | None, Field(description="Before this instant; empty: up to the last event.")
    ] = None,
) -> dict[str, str]:
    """Leaves the reports on the published data as tables, and writes the page of them.

    Args:
        account: Execution account; empty: all.
        from_at: From this instant on; empty: from the first event on.
        to_at: Before this instant; empty: up to the last event.
    """
    settings = Settings()
    numbers = read_reports(settings, account=account, from_at=from_at, to_at=to_at)
    page = write_reports(settings.reports_page, numbers, now=datetime.now(UTC))
    period = f"{numbers.from_at:%Y-%m-%d %H:%M} to {numbers.to_at:%Y-%m-%d %H:%M} UTC"
    for name, title in TITLES.items():
        await show_table(f"report-{name}".replace("_", "-"), numbers.frames[name], f"{title}, {period}")
    await show_table("report-thresholds", numbers.frames["indicators"], f"Thresholds, real-time queue, {period}")
    await show_markdown("reports-page", f"The page of reports is `{page}`: open it in a browser.", f"Reports, {period}")
    return {"page": str(page), "from_at": numbers.from_at.isoformat(), "to_at": numbers.to_at.isoformat()}
