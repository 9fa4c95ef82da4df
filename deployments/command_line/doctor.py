"""The command `doctor`: is all well, and if not, what to do."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from deployments.command_line.options import AccountOrAll, Now
from deployments.command_line.output import AsJson, note, print_json, show
from tasks.settings import Settings


def doctor(
    account: AccountOrAll = None,
    stuck_days: Annotated[int, typer.Option(min=1, help="Days without a final word after the hand-over.")] = 7,
    waiting_hours: Annotated[int, typer.Option(min=1, help="Hours that a due event may wait.")] = 1,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Check every store, and what lies around it; ends with 1 where somebody has to do something."""
    from tasks.account_run import account_run
    from tasks.check_stores import CheckUp, check_stores

    if account is not None:
        account_run(account)
    check = CheckUp(Settings(), now or datetime.now(UTC), stuck_days=stuck_days, waiting_hours=waiting_hours)
    findings = check_stores(check, account)
    serious = [finding for finding in findings if finding.severity != "note"]
    if as_json:
        print_json({"well": not serious, "findings": [vars(finding) for finding in findings]})
    else:
        for finding in findings:
            told = {"where": finding.where, "what": finding.what, "do": finding.do}
            show(told, as_json=False, title=finding.severity)
    if not serious:
        note("All is well.")
    raise typer.Exit(1 if serious else 0)
