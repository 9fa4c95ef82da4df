"""What a publication costs by history and by change: `python -m bench.publication [EVENTS ...] [--json FILE]`.

The control store of one account with so many archived events is published once, then ten times more after changes
of 10,000 events each: half of them new, half of them anywhere in the history. Beside it, in the same run, a copy of
the whole store, which is what a publication would be otherwise, and a query by a reader of either.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from tasks.contracts.publish_control import parts_folder
from tasks.publish_control import publish_control
from tasks.settings import Settings
from tasks.store.connection import StoreFile, writing

CHANGED = 10_000
ROUNDS = 10
ROWS = """
select 'bench' as account, i as event_id, 'key-' || i as event_key, 'batch' as queue, 'type-' || i % 40 as event_type,
    'email' as channel, 'user' || i || '@example.org' as email,
    '{"order": ' || i || ', "note": "' || md5(i::varchar) || md5((i + 1)::varchar) || repeat('x', 200) || '"}' as ctx,
    timestamptz '2026-01-01' + to_milliseconds(i * 100) as received_at, 'sent' as status,
    $seq + i - $first as change_seq
from range($first, $last) numbers(i)
"""
SUPERSEDE = """
create or replace temp table changed as
select rowid as row, change_seq, $seq + row_number() over (order by rowid) as next_seq
from event using sample reservoir(5000 rows) repeatable (7)
"""
QUERY = "select event_type, status, count(*), max(length(ctx)) from event group by all order by all"


def main() -> None:
    """Runs all sizes and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = [measured(events) for events in arguments.events]
    table = Table("figure", *(f"{row['events']:,}" for row in rows))
    for name in rows[0]:
        table.add_row(name.replace("_", " "), *(f"{row[name]:,}" for row in rows))
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))


def measured(events: int) -> dict[str, Any]:
    """The figures of one size of history."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        control = StoreFile(settings.control_store, "control")
        insert(control, first=0, events=events, seq=1)
        first = seconds(lambda: publish_control(settings))
        later, written, last = [], [], events
        for _ in range(ROUNDS):
            last = change(control, last)
            before = files(settings)
            later.append(seconds(lambda: publish_control(settings)))
            written.append(sum(size for name, size in files(settings).items() if name not in before))
        copy = seconds(lambda: shutil.copyfile(control.path, Path(folder) / "copy.duckdb"))
        with duckdb.connect(str(settings.published_control), read_only=True) as shown:
            asked = seconds(lambda: shown.execute(QUERY).fetchall())
        with duckdb.connect(str(Path(folder) / "copy.duckdb"), read_only=True) as copied:
            asked_copy = seconds(lambda: copied.execute(QUERY).fetchall())
        return {
            "events": events,
            "first_publication_s": round(first, 2),
            "median_s_after_10k_changes": round(sorted(later)[ROUNDS // 2], 3),
            "longest_s": round(max(later), 3),
            "median_MB_written": round(sorted(written)[ROUNDS // 2] / 1e6, 1),
            "whole_copy_s": round(copy, 2),
            "whole_copy_MB": round(control.path.stat().st_size / 1e6, 1),
            "published_MB": round(sum(files(settings).values()) / 1e6, 1),
            "query_published_s": round(asked, 3),
            "query_copy_s": round(asked_copy, 3),
        }


def insert(control: StoreFile, *, first: int, events: int, seq: int) -> None:
    """Archives new events, in the order of their ids."""
    with writing(control, purpose="filling") as session:
        values = {"first": first, "last": first + events, "seq": seq}
        session.connection.execute(f"insert into event by name {ROWS}", values)
        session.connection.execute("delete from archive_state")
        session.connection.execute(
            "insert into archive_state values ('bench', 'event', $upto, ['event_id'], now())",
            {"upto": seq + events - 1},
        )


def change(control: StoreFile, last: int) -> int:
    """Archives 5,000 changed old events and 5,000 new ones; returns the change sequence reached."""
    with writing(control, purpose="changing") as session:
        con = session.connection
        con.execute(SUPERSEDE, {"seq": last})
        con.execute("insert into superseded_row by name select 'event' as table_name, 'bench' as account, change_seq "
                    "from changed")  # fmt: skip
        con.execute("update event set status = 'delivery_failed', change_seq = next_seq from changed "
                    "where event.rowid = changed.row")  # fmt: skip
        con.execute("drop table changed")
    insert(control, first=last, events=CHANGED // 2, seq=last + CHANGED // 2 + 1)
    return last + CHANGED


def files(settings: Settings) -> dict[str, int]:
    """The files of the published data and their sizes in bytes."""
    folder = parts_folder(settings.published_control)
    return {path.name: path.stat().st_size for path in folder.iterdir()} if folder.exists() else {}


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
