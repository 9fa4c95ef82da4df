"""Rounds of fill and purge, and how large the stores are: `python bench/purge_rounds.py [ROUNDS] [EVENTS] [FILE.json]`.

A round is a day: so many events come in, are final and archived, and all that is older than the account's retention
is purged. The last round comes after a year without events: what a store gives back. Files are written anew where
`MESSAGE_CENTER_COMPACT_FREE_SHARE` and `..._BYTES` say so. Figures, not tests: `tests/stages/test_purge_space.py` holds
what must be true of them.
"""

import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tasks.archive_events import archive_events
from tasks.contracts.accounts import Account, Retention
from tasks.purge_events import purge_events
from tasks.settings import Settings
from tasks.store.connection import StoreFile, reading, writing
from tasks.store.conservation import balance

START = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = Account(
    name="bench",
    cell_id=0,
    retention=Retention(event_days=5, archived_event_days=10, delivery_log_days=7, statistics_days=10),
)
FILL = """
insert into event by name
select i as event_id, md5(i::varchar) as event_key, 'rt' as queue, 'order_confirmed' as event_type, 'email' as channel,
    md5(i::varchar) || '@example.com' as email,
    '{"order": ' || i || ', "note": "' || md5((i + 1)::varchar) || md5((i + 2)::varchar) || '"}' as ctx,
    $day::timestamptz + to_milliseconds((i - $first) * 86400000 // $events) as created_at,
    created_at as received_at, 'sent' as status, created_at + interval 5 seconds as processed_at,
    nextval('change_seq') as change_seq
from range($first, $first + $events) numbers(i);

insert into event_key select event_key, event_id, received_at from event where event_id >= $first;

insert into delivery_log by name
select md5(kind || event_id)::uuid as log_key, event_id, email as recipient, kind, 3::smallint as rank,
    processed_at as logged_at, '250 ok' as reason, true as applied, processed_at as received_at,
    nextval('change_seq') as change_seq
from event cross join (values ('accepted'), ('delivered')) as said(kind) where event_id >= $first;

insert into ingested_file by name
select md5($first::varchar) as content_hash, 'event' as content, 'rt' as queue, 'f' as source_file, 'x' as format,
    $events as rows, $events as accepted, 0 as duplicates, 0 as rejected, $day::timestamptz as ingested_at,
    nextval('change_seq') as change_seq
"""


@dataclass(frozen=True)
class Round:
    """A day, after its purge."""

    number: int
    events_here: int
    events_archived: int
    account_bytes: int
    account_used_bytes: int
    control_bytes: int
    control_used_bytes: int
    purged: int
    rewritten: int
    purge_seconds: float


def main(rounds: int, events: int, target: Path | None = None) -> list[Round]:
    """Runs the rounds, prints them, and writes them as JSON where a file is named."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        done = [one_round(settings, number, START + timedelta(days=number), events) for number in range(rounds)]
        done.append(one_round(settings, rounds, START + timedelta(days=rounds + 365), 0))
    table = Table(*Round.__annotations__)
    for each in done:
        table.add_row(*(f"{value:,}" for value in asdict(each).values()))
    Console(width=200).print(table)
    if target:
        target.write_text(json.dumps({"events_per_round": events, "rounds": [asdict(each) for each in done]}, indent=1))
    return done


def one_round(settings: Settings, number: int, day: datetime, events: int) -> Round:
    """Fills, archives and purges a day."""
    store = StoreFile(settings.account_store(ACCOUNT.name), "account")
    control = StoreFile(settings.control_store, "control")
    fill(store, day, first=number * events, events=events)
    night = day + timedelta(days=1)
    archive_events(settings, ACCOUNT, now=night)
    began = time.perf_counter()
    result = purge_events(settings, ACCOUNT, now=night, dry_run=False)
    seconds = time.perf_counter() - began
    if not balance(store).holds:
        raise RuntimeError(f"round {number}: {balance(store)}")
    here, archived = (figures(each) for each in (store, control))
    return Round(
        number, here[0], archived[0], store.path.stat().st_size, here[1], control.path.stat().st_size, archived[1],
        sum(result.deleted.values()), len(result.compacted), round(seconds, 2),
    )  # fmt: skip


def fill(store: StoreFile, day: datetime, *, first: int, events: int) -> None:
    """Puts a day's events in, final, with two log rows each."""
    if not events:
        return
    values = {"day": day, "first": first, "events": events}
    with writing(store, purpose="filling") as session:
        for query in FILL.split(";"):
            used = {name: value for name, value in values.items() if f"${name}" in query}
            session.connection.execute(query, used)


def figures(store: StoreFile) -> tuple[int, int]:
    """Events in a store, and its bytes in use."""
    with reading(store) as session:
        ((events,),) = session.connection.execute("select count(*) from event").fetchall()
        used = session.value("compact/used_bytes")
    return events, used


if __name__ == "__main__":
    given = sys.argv[1:] + ["50", "20000"][len(sys.argv[1:]) :]
    main(int(given[0]), int(given[1]), Path(given[2]) if len(given) > 2 else None)
