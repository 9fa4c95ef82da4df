"""The demonstration: its inputs, the outside world that it plays, and what came of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tasks.contracts.accounts import Account
from tasks.contracts.vocabulary import QUEUES
from tasks.demo_home import copy_samples, make_roster
from tasks.exchange.demonstration.demo_inputs import generate_events
from tasks.exchange.demonstration.provider_simulator import write_provider_logs, write_server_log
from tasks.exchange.demonstration.receiving_server import ReceivingServer
from tasks.settings import Settings
from tasks.stage import stage

PUBLISHED_AT: Final = datetime(2026, 11, 1, tzinfo=UTC)
START: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""The clock of the first round. The samples are about it, so it is not the real one."""
FIRST_LOGS: Final = START + timedelta(minutes=15)
SECOND_ROUND: Final = START + timedelta(hours=2)
"""What was deferred is tried again, and what was scheduled is due."""
LAST_LOGS: Final = START + timedelta(hours=4)

SMTP_CHANNELS: Final = {"email": 99, "sms": 1}
OUTBOX_CHANNELS: Final = {"email": 70, "sms": 15, "ios": 8, "android": 7}


@dataclass(frozen=True)
class Inputs:
    """What there is to process."""

    accounts: tuple[Account, ...]
    generated: int
    sample_files: int


@stage
def prepare_inputs(settings: Settings, server: ReceivingServer, *, events: int, seed: int) -> Inputs:
    """Makes the roster, and fills the inboxes with the samples and with generated events."""
    accounts = make_roster(settings, server)
    sample_files = copy_samples(settings, accounts)
    generated = generate_events(
        events,
        seed,
        now=START,
        inboxes={
            (account.name, queue): settings.inbox(account.name, queue) for account in accounts for queue in QUEUES
        },
        # An SMTP dialogue costs more than a row of a file: whoever holds it gets half as many.
        shares={account.name: 1 if account.sender == "smtp" else 4 for account in accounts},
        channels={account.name: SMTP_CHANNELS if account.sender == "smtp" else OUTBOX_CHANNELS for account in accounts},
    )
    return Inputs(accounts, generated.events, sample_files)


@stage
def report_deliveries(
    settings: Settings, account: Account, server: ReceivingServer, *, since: datetime | None, until: datetime
) -> list[Path]:
    """Plays the other side: what became of the account's messages by `until` comes in as delivery logs."""
    inbox = settings.delivery_log_inbox(account.name)
    if account.sender == "outbox":
        return list(write_provider_logs(settings.outbox(account.name), inbox, since=since, until=until).paths)
    server.write_log()
    return write_server_log(server.log, inbox, since=since, until=until) if server.log else []
