"""The flows that every account has as deployments of its own: their names, and when they run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tasks.announce import News
from tasks.contracts.accounts import Account

ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)
"""All schedules count from here, so that rendering or deploying again never moves them."""
MINUTE_RADICES = (2, 2, 3, 5)
"""Their product is 60: digits in these radices, read backwards, put each number far from the ones before it."""

BATCH_EVERY = timedelta(minutes=5)
RT_EVERY = timedelta(minutes=10)
"""How often a run of the real-time loop hands over to the next."""
STATUS_EVERY = timedelta(minutes=5)
PURGE_EVERY = timedelta(days=1)
PURGE_FROM, PURGE_WITHIN = timedelta(hours=1), timedelta(hours=4)
"""Purges start at night, UTC."""


@dataclass(frozen=True)
class AccountFlow:
    """One deployment that each account has."""

    prefix: str
    """What Message Center calls it; the account's name follows."""
    stage: str
    """Its tag, and the slug of its schedule."""
    flow: str
    does: str
    """Its description, with the account in place of `{}`."""
    second: int
    """Where in the minute it starts, counted from the account's own second."""
    every: timedelta | None
    """How often it runs; `None`: as often as the account is archived."""
    parameters: Mapping[str, bool | int] = field(default_factory=dict)
    begins: timedelta = timedelta(0)
    spread_over: timedelta | None = None
    """Over what the accounts' starts are spread; `None`: over the whole interval."""
    starts_at_once: bool = True
    """Whether adding an account starts its first run."""
    starts_on: tuple[News, ...] = ()
    """What happens to the account that starts a run too."""
    starts_again_after: timedelta | None = None
    """How long after a failure it starts again, where it does not wait for its schedule."""
    at_once: int = 1
    """How many of its runs there may be at a time: of one that goes on until the next takes over, two."""

    def deployment_name(self, account: str) -> str:
        """The name of the account's deployment."""
        return f"{self.prefix}_{account}"

    def interval(self, account: Account) -> timedelta:
        """How often it runs for an account."""
        return self.every or account.archive_every

    def first_start(self, account: Account) -> datetime:
        """Where the account's schedule begins to count.

        It depends on the account alone, so other accounts may come and go. Cells below 60 have a part of the interval
        and a second of the minute to themselves, so that with intervals of whole minutes no two accounts ever start
        the same flow together. Cells below 12 start no two flows at all together.
        """
        lap, cell = divmod(account.cell_id, 60)
        place = _spread(cell)
        minutes = (self.spread_over or self.interval(account)) * place // timedelta(hours=1)
        seconds = (place + self.second + 20 * lap) % 60
        return ANCHOR + self.begins + timedelta(minutes=minutes, seconds=seconds)


ARCHIVE = AccountFlow(
    "mcSynch",
    "archive",
    "archive_events",
    "Archives execution account {} to the control store.",
    0,
    None,
    starts_on=("events.changed", "statuses.updated"),
)
ACCOUNT_FLOWS = (
    AccountFlow(
        "batchEventsProcessing",
        "batch",
        "process_batch_events",
        "Takes in, links and hands over the batch events of account {}.",
        24,
        BATCH_EVERY,
        {"ingest": True},
        starts_on=("events.landed", "templates.published"),
    ),
    AccountFlow(
        "rtEventsProcessing",
        "rt",
        "process_rt_events",
        "Takes in, links and hands over the real-time events of account {}.",
        12,
        RT_EVERY,
        {"ingest": True, "run_seconds": RT_EVERY // timedelta(seconds=1)},
        starts_again_after=timedelta(seconds=20),
        at_once=2,
    ),
    AccountFlow(
        "updateEventStatus",
        "status",
        "update_event_status",
        "Collects the delivery logs of account {}, and joins them to its events.",
        36,
        STATUS_EVERY,
        {"collect": True, "recycle": True},
        starts_on=("delivery-logs.landed",),
    ),
    ARCHIVE,
    AccountFlow(
        "cleanup",
        "purge",
        "purge_events",
        "Deletes what account {} has kept long enough.",
        48,
        PURGE_EVERY,
        {"dry_run": False},
        PURGE_FROM,
        PURGE_WITHIN,
        starts_at_once=False,
    ),
)


def _spread(number: int) -> int:
    """A permutation of 0..59 whose beginnings are spread evenly: 0, 30, 15, 45, 5, 35, ..."""
    place, step = 0, 60
    for radix in MINUTE_RADICES:
        step //= radix
        number, digit = divmod(number, radix)
        place += digit * step
    return place
