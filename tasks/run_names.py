"""What a flow run is called: the account, the queue and the instant that it works for."""

from collections.abc import Mapping
from datetime import UTC, datetime

from prefect.runtime import flow_run


def named_by_what_it_works_for() -> str:
    """The name of the flow run that is beginning, like `retail rt 2026-11-25 22:05Z`."""
    return run_name(flow_run.get_parameters(), scheduled=flow_run.get_scheduled_start_time())


def run_name(parameters: Mapping[str, object], *, scheduled: datetime) -> str:
    """The name of a run.

    Args:
        parameters: Those of the run. Its instant is that of `now` or `at`, where one is given.
        scheduled: When it was to start.
    """
    instant = parameters.get("now") or parameters.get("at") or scheduled
    moment = instant if isinstance(instant, datetime) else datetime.fromisoformat(str(instant))
    subject = parameters.get("account") or parameters.get("path") or "all accounts"
    queue = parameters.get("queue")
    rehearsal = " dry run" if parameters.get("dry_run") else ""
    return f"{subject}{f' {queue}' if queue else ''}{rehearsal} {moment.astimezone(UTC):%Y-%m-%d %H:%MZ}"
