"""Events that come in over HTTP: checked by the rules of files, durable in an inbox, answered with their ids."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

import dataframely as dy
import polars as pl

from tasks.account_run import AccountRun, account_run
from tasks.contracts.ingest_events import AcceptedEvent
from tasks.contracts.vocabulary import QUEUES, Queue
from tasks.event_ids import EventIds
from tasks.exchange.intake.answers import Answers
from tasks.exchange.intake.spool import spool_events, spool_logs, spooled_ids, spooled_since
from tasks.exchange.reading.read_received import received_rows
from tasks.groups import Groups
from tasks.ingest_events import split_events
from tasks.settings import Settings
from tasks.transforms.intake import event_lines

DEPTH_SECONDS: Final = 1.0
"""Between two looks at how much waits."""
Row = tuple[str, str | None, str | None]
"""`raw`, `document`, `problem`, as readers tell them."""


@dataclass(frozen=True)
class Taken:
    """An event that is durable."""

    event_id: int
    is_duplicate: bool


@dataclass(frozen=True)
class Refused:
    """Why a row is no event."""

    reason: str
    detail: str | None


Outcome = Taken | Refused


@dataclass
class AccountIntake:
    """The way in of one account."""

    run: AccountRun
    answers: Answers
    ids: EventIds = field(init=False)
    _events: dict[Queue, Groups[Sequence[Row], list[Outcome]]] = field(init=False)
    _logs: dict[str, Groups[Sequence[str], None]] = field(default_factory=dict)
    _depth: int = 0
    _looked_at: float = float("-inf")

    def __post_init__(self) -> None:
        """Begins without ids."""
        self.ids = EventIds(self.run)
        self._events = {queue: Groups(partial(self._take, queue)) for queue in QUEUES}

    async def push(self, queue: Queue, rows: Sequence[Row]) -> list[Outcome]:
        """What became of each row, once all that were taken are durable.

        Raises:
            NoIdsError: No ids are at hand yet.
            OSError: They could not be made durable.
        """
        return await self._events[queue].add(rows)

    async def keep_logs(self, provider: str, payloads: Sequence[str]) -> None:
        """Makes payloads of a provider durable in the account's inbox for delivery logs; errors as for `push`."""
        if provider not in self._logs:
            self._logs[provider] = Groups(partial(self._keep_logs, provider))
        await self._logs[provider].add(payloads)

    async def waiting(self) -> int:
        """How many events wait to be taken in: as of a second ago at most."""
        if time.monotonic() - self._looked_at >= DEPTH_SECONDS:
            self._looked_at = time.monotonic()
            self._depth = await asyncio.to_thread(lambda: sum(len(ids) for ids in self._spooled()))
        return self._depth

    def spooled(self, event_id: int) -> tuple[Queue, datetime] | None:
        """In which queue's inbox an event waits, and since when; None where it waits in none."""
        for queue in QUEUES:
            since = spooled_since(self.run.settings.inbox(self.run.account.name, queue), event_id)
            if since is not None:
                return queue, since
        return None

    async def ended(self) -> None:
        """Waits until all that came in is durable."""
        for events in self._events.values():
            await events.ended()
        for logs in self._logs.values():
            await logs.ended()

    def _spooled(self) -> list[range]:
        name = self.run.account.name
        return [ids for queue in QUEUES for ids in spooled_ids(self.run.settings.inbox(name, queue))]

    def _take(self, queue: Queue, calls: Sequence[Sequence[Row]]) -> list[list[Outcome]]:
        now, account = datetime.now(UTC), self.run.account.name
        rows = [row for call in calls for row in call]
        columns = {"raw": pl.String, "document": pl.String, "problem": pl.String}
        received = pl.DataFrame(rows, schema=columns, orient="row").with_row_index("line", offset=1)
        accepted, rejected = split_events(received_rows(received), now=now)
        known = self.answers.known_ids(account, accepted["event_key"].unique().to_list())
        fresh = accepted.filter(~pl.col("event_key").is_in(list(known))).unique(
            "event_key", keep="first", maintain_order=True
        )
        given: dict[str, int] = {}
        if fresh.height:
            ids = self.ids.take(fresh.height)
            lines = event_lines(AcceptedEvent.cast(fresh)).to_list()
            spool_events(self.run.settings.inbox(account, queue), lines, first_id=ids.start)
            given = dict(zip(fresh["event_key"], ids, strict=True))
            self.answers.keep_ids(account, given, now=now)
        outcomes = _outcomes(accepted, fresh["line"], known | given)
        refused = rejected.select("line", "reason", "detail").rows()
        outcomes |= {line: Refused(reason, detail) for line, reason, detail in refused}
        ordered = iter(outcomes[line] for line in range(1, len(rows) + 1))
        return [[next(ordered) for _ in call] for call in calls]

    def _keep_logs(self, provider: str, calls: Sequence[Sequence[str]]) -> list[None]:
        lines = [line for call in calls for line in call]
        inbox = self.run.settings.delivery_log_inbox(self.run.account.name)
        spool_logs(inbox, lines, provider=provider, number=time.time_ns())
        return [None] * len(calls)


def _outcomes(accepted: dy.DataFrame[AcceptedEvent], fresh: pl.Series, ids: dict[str, int]) -> dict[int, Outcome]:
    new = set(fresh)
    rows = accepted.select("line", "event_key").rows()
    return {line: Taken(ids[key], is_duplicate=line not in new) for line, key in rows}


class Intake:
    """The way in of all accounts of a home."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.answers = Answers(settings.answers_path)
        self._accounts: dict[str, AccountIntake] = {}

    def account(self, name: str) -> AccountIntake:
        """The way in of an account.

        Raises:
            UnknownAccountError: The roster has no such account.
        """
        if name not in self._accounts:
            self._accounts[name] = AccountIntake(account_run(name), self.answers)
        return self._accounts[name]

    def forget_old(self) -> None:
        """Forgets answers that nobody asks for again."""
        self.answers.forget_old(now=datetime.now(UTC))

    async def ended(self) -> None:
        """Waits until all that came in is durable."""
        for account in self._accounts.values():
            await account.ended()
