"""The life that the crash tests cut short: every flow, more than once, over three accounts. A new one is one line."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crashes.life_inputs import ALPHA, BRAVO, GONE
from prefect import Flow

from flows.archive_events import archive_events
from flows.collect_delivery_logs import collect_delivery_logs
from flows.deliver_events import deliver_events
from flows.ingest_events import ingest_events
from flows.process_batch_events import process_batch_events
from flows.process_rt_events import process_rt_events
from flows.publish_templates import publish_templates
from flows.purge_events import purge_events
from flows.update_event_status import update_event_status

PUBLISHED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FIRST = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MONTHS_LATER = datetime(2027, 1, 5, 9, 0, tzinfo=UTC)
YEARS_LATER = datetime(2028, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """One run of a flow."""

    flow: Flow[..., Any]
    parameters: dict[str, Any] = field(default_factory=dict)
    arriving: int | None = None
    """The round whose files arrive before it."""

    @property
    def name(self) -> str:
        """The flow, and the account that it runs on."""
        return " ".join(
            [self.flow.name, *(str(self.parameters[key]) for key in ("account",) if key in self.parameters)]
        )


def life(home: Path) -> tuple[Step, ...]:
    """The steps of the life in a home, in order."""
    publication = {"path": str(home / "templates.ndjson"), "at": PUBLISHED}
    return (Step(publish_templates, publication), *_first_round(FIRST), *_second_round(SECOND), *_old_age())


def _first_round(now: datetime) -> Iterator[Step]:
    yield Step(ingest_events, {"account": ALPHA, "queue": "batch", "now": now}, arriving=1)
    yield Step(ingest_events, {"account": ALPHA, "queue": "rt", "now": now})
    yield Step(process_batch_events, {"account": ALPHA, "now": now})
    yield Step(process_rt_events, {"account": ALPHA, "now": now})
    yield Step(ingest_events, {"account": BRAVO, "queue": "batch", "now": now})
    yield Step(ingest_events, {"account": BRAVO, "queue": "rt", "now": now})
    yield Step(process_batch_events, {"account": BRAVO, "deliver": False, "now": now})
    yield Step(process_rt_events, {"account": BRAVO, "deliver": False, "now": now})
    yield Step(deliver_events, {"account": BRAVO, "now": now})
    yield Step(ingest_events, {"account": GONE, "queue": "batch", "now": now})
    yield Step(process_batch_events, {"account": GONE, "now": now})
    yield from _what_came_of_it(now)
    yield Step(archive_events, {"account": ALPHA, "now": now})
    yield Step(archive_events, {"account": BRAVO, "now": now})


def _second_round(now: datetime) -> Iterator[Step]:
    yield Step(ingest_events, {"account": ALPHA, "queue": "batch", "now": now}, arriving=2)
    yield Step(process_batch_events, {"account": ALPHA, "now": now})
    yield Step(ingest_events, {"account": BRAVO, "queue": "rt", "now": now})
    yield Step(process_rt_events, {"account": BRAVO, "now": now})
    yield Step(process_batch_events, {"account": GONE, "now": now})
    yield from _what_came_of_it(now)
    for account in (ALPHA, BRAVO, GONE):
        yield Step(archive_events, {"account": account, "now": now})


def _what_came_of_it(now: datetime) -> Iterator[Step]:
    for account in (ALPHA, BRAVO):
        yield Step(collect_delivery_logs, {"account": account, "now": now})
        yield Step(update_event_status, {"account": account, "now": now})


def _old_age() -> Iterator[Step]:
    for now in (MONTHS_LATER, YEARS_LATER):
        yield Step(purge_events, {"account": ALPHA, "dry_run": False, "now": now})
        yield Step(archive_events, {"account": ALPHA, "now": now})
