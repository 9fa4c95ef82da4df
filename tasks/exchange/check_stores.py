"""What lies about in a home: leftovers of runs that died, stores that nobody owns, room on the disk."""

import json
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from tasks.contracts.back_up_store import CONTROL
from tasks.contracts.check_stores import Finding
from tasks.contracts.vocabulary import QUEUES
from tasks.exchange.held_locks import is_free

TIGHT_BYTES: Final = 256 * 2**20
"""Less room than this is an error."""
ROOM_FACTOR: Final = 2
"""Merging, publishing and backing up need room for the largest store again; this much of it is comfortable."""
MINIMUM_BYTES: Final = 2**30


def leftovers(home: Path) -> Iterator[Finding]:
    """What runs that died left behind: none of it is in the way, all of it takes room."""
    for folder in sorted((home / "spool").glob("*/*")):
        if folder.is_dir() and is_free(folder.with_suffix(".lock")):
            yield _leftover(folder, "Nothing: the next run of this kind clears it.")
    for pattern in ("backups/.*.part", "store/.restoring-*", "store/.duckdb-*.tmp"):
        for path in sorted(home.glob(pattern)):
            if not _of_living_process(path):
                yield _leftover(path, f"Remove it when no such run is going on: rm -r '{path}'")
    for path in sorted((home / "store").glob("*.replaced-*.duckdb")):
        told = "is the store that a restoration replaced"
        yield Finding("note", str(path), told, "Remove it once the restored store has proved itself.")


def dead_holders(home: Path) -> Iterator[Finding]:
    """Locks that a run which died has signed last. Its lock went with it."""
    for path in sorted((*(home / "store").glob("*.lock"), *(home / "spool").glob("*/*.lock"))):
        try:
            note = json.loads(path.read_text())
            pid, purpose, since = int(note["pid"]), note["purpose"], note["since"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if is_free(path):
            told = f"process {pid} died while it held this for {purpose}, since {since}"
            yield Finding("note", str(path), told, "Nothing: its lock went with it, and the next run goes on.")


def unowned_stores(home: Path, accounts: Collection[str]) -> Iterator[Finding]:
    """Stores of accounts that the roster does not have."""
    for path in sorted((home / "store").glob("*.duckdb")):
        if path.stem not in {*accounts, CONTROL} and "." not in path.stem:
            told = "no account of the roster has this store"
            do = "Put the account back into the roster, with the cell it had, or move the file away."
            yield Finding("warning", str(path), told, do)


def room(home: Path) -> Iterator[Finding]:
    """Whether the disk has room for what the flows do."""
    free = shutil.disk_usage(home).free
    largest = max((path.stat().st_size for path in (home / "store").glob("*.duckdb")), default=0)
    if free < max(MINIMUM_BYTES, ROOM_FACTOR * largest):
        severity = "error" if free < TIGHT_BYTES else "warning"
        told = f"{free / 2**20:,.0f} MiB are left on the disk; the largest store has {largest / 2**20:,.0f} MiB"
        do = "Make room: move done/ files and old backups away, purge, or use a larger disk."
        yield Finding(severity, str(home), told, do)  # type: ignore[arg-type]  # one of two severities


def is_delivering(store: Path) -> bool:
    """Whether a run is handing messages over for an account, of whichever queue."""
    return not all(is_free(store.with_suffix(f".{queue}.deliver.lock")) for queue in QUEUES)


def _leftover(path: Path, do: str) -> Finding:
    return Finding("note", str(path), "was left behind by a run that died", do)


def _of_living_process(path: Path) -> bool:
    """Whether a folder that has a process's number in its name has that process alive."""
    number = path.name.removeprefix(".duckdb-").removesuffix(".tmp")
    return number.isdigit() and Path(f"/proc/{number}").exists()
