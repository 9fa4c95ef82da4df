"""The three reports of a period: their numbers, judged by the thresholds of each account, and the page of them."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tasks.contracts.report_page import ReportNumbers
from tasks.exchange.reporting.page import write_page
from tasks.exchange.roster import load_roster
from tasks.settings import Settings
from tasks.stage import stage
from tasks.store.report_page import report_numbers
from tasks.transforms.report_page import judged


@stage
def read_reports(
    settings: Settings, *, account: str | None, from_at: datetime | None, to_at: datetime | None
) -> ReportNumbers:
    """The numbers of a period, of one account or (None) all.

    Raises:
        NothingPublishedError: There is no published data yet, or no event in it.
    """
    numbers = report_numbers(settings.published_control, account=account, from_at=from_at, to_at=to_at)
    thresholds = {account.name: account.thresholds for account in load_roster(settings.roster_path)}
    indicators = judged(numbers.frames["indicators"], thresholds)
    return replace(numbers, frames={**numbers.frames, "indicators": indicators})


@stage
def write_reports(path: Path, numbers: ReportNumbers, *, now: datetime) -> Path:
    """Writes the page of reports."""
    return write_page(path, numbers, now=now)
