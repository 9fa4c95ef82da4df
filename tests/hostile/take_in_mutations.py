"""Takes mutated rows in, as a process of its own, and tells what became of them and what it took."""

import json
import random
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from hostile.mutated_formats import WRITERS, odd_rows
from hostile.mutations import event_row, log_row, mutated_lines

from tasks.collect_delivery_logs import collect_delivery_log
from tasks.contracts.accounts import Account
from tasks.ingest_events import ingest_file
from tasks.settings import Settings
from tasks.store.connection import StoreFile, reading

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACCOUNT = Account(name="alpha", cell_id=3)
EVENT = {"id": "neighbour %d", "type": "order", "email": "ada@example.org"}
LOG = {"event_id": "1", "source_id": "neighbour %d", "kind": "delivered", "logged_at": "2026-11-23T10:00:00Z"}


def mutated_file(path: Path, what: str, rows: int, seed: int) -> None:
    """A file of mutated rows with an unharmed one in the middle."""
    make, fields = (event_row, EVENT) if what == "events" else (log_row, LOG)
    neighbour = {name: value.replace("%d", str(seed)) for name, value in fields.items()}
    if write := WRITERS.get(path.suffix[1:]):
        columns = dict.fromkeys([*make(1), *make(2)], "")
        write(path, odd_rows(make, rows - 1, seed), columns | neighbour, rows // 2, seed)
        return
    lines = list(mutated_lines(make, rows - 1, seed))
    lines.insert(rows // 2, json.dumps(neighbour).encode())
    path.write_bytes(b"\n".join(lines))


def taken_in(home: Path, kind: str, rows: int, seed: int) -> dict[str, Any]:
    what, _, suffix = kind.partition(".")
    settings = Settings(home=home)
    path = home / f"{what}-{seed}.{suffix or 'ndjson'}"
    path.parent.mkdir(parents=True, exist_ok=True)
    mutated_file(path, what, rows, seed)
    begun = time.monotonic()
    if what == "events":
        counts = vars(ingest_file(settings, ACCOUNT, path, queue="batch", now=NOW))
    else:
        counts = vars(collect_delivery_log(settings, ACCOUNT, path, now=NOW))
    took = time.monotonic() - begun
    path.unlink(missing_ok=True)
    return counts | {"seconds": took}


def unexplained(home: Path) -> dict[str, Any]:
    """What must be nothing: rejected rows without a reason, neighbours that were lost."""
    settings = Settings(home=home)
    with reading(StoreFile(settings.account_store("alpha"), "account")) as session:
        value = session.connection.sql(
            """
            select
                (select count(*) from rejected_event where reason is null or reason = '' or raw is null)
                + (select count(*) from rejected_delivery_log where reason is null or reason = '' or raw is null)
                    as without_reason,
                (select count(*) from event where event_key like 'neighbour %' and status = 'pending')
                + (select count(*) from delivery_log where source_id like 'neighbour %') as neighbours
            """
        ).pl()
    return value.row(0, named=True)


def main() -> None:
    home, what, rows, files, seed = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
    random.seed(seed)
    results = pl.DataFrame([taken_in(home, what, rows, seed + number) for number in range(files)])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(results.sum().row(0, named=True) | unexplained(home) | {"peak_bytes": peak}))


if __name__ == "__main__":
    main()
