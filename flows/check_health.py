"""Flow `check-health`: are the accounts, their queues and their runs as they should be? Whoever must act is told."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from prefect.context import FlowRunContext
from pydantic import Field

from tasks.account_run import account_run
from tasks.alerts import still_raised
from tasks.check_health import look_at_accounts, settle_alerts, show_health, worst
from tasks.contracts.accounts import AccountName
from tasks.contracts.health import HealthStatus
from tasks.exchange.roster import load_roster
from tasks.failures import run_link
from tasks.late_runs import look_at_runs
from tasks.operated import operated
from tasks.operated_run import RUN
from tasks.parameters import NowParameter
from tasks.settings import Settings


@dataclass(frozen=True)
class HealthCheck:
    """What a check saw."""

    status: HealthStatus
    late: int
    """Deployments whose runs are late."""
    alerts: int
    """Alerts that go on, whoever raised them."""


@operated("check-health")
async def check_health(
    account: Annotated[AccountName | None, Field(description="Execution account; empty: all, and the runs.")] = None,
    now: NowParameter = None,
) -> HealthCheck:
    """Holds accounts against their thresholds and runs against their schedules; raises alerts, and ends them.

    It completes at an alert too, with the status as its state's message; it fails only where it could not look.

    Args:
        account: Execution account; empty: all of the roster, and the runs of all deployments.
        now: Clock of the run; empty: the real time.
    """
    settings, instant = Settings(), now or datetime.now(UTC)
    roster = load_roster(settings.roster_path)
    accounts = [account_run(account, instant).account] if account else list(roster)
    seen = look_at_accounts(settings, accounts, now=instant)
    is_for_all = account is None and FlowRunContext.get() is not None
    late = await look_at_runs(datetime.now(UTC)) if is_for_all else None
    await settle_alerts(settings, seen, late, known=[one.name for one in roster], now=instant, run_url=run_link())
    still = still_raised(settings)
    await show_health(seen, late or (), still, now=instant)
    check = HealthCheck(worst(seen), len(late or ()), len(still))
    if run := RUN.get():
        run.summary = f"{check.status}; deployments with late runs: {check.late}; alerts that go on: {check.alerts}"
    return check
