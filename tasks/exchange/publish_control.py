"""The published control data as files: which edition is in force, putting a new one in its place, clearing old ones.

Beside `control.duckdb` lies the folder `control.parts`: the data files, and for each edition its catalogue
`<number>.duckdb`, which is the same file as `control.duckdb` while it is in force, and its record `<number>.json`.
An edition stays, with its files, for as long as somebody has it open.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl
from pydantic import ValidationError

from tasks.contracts.publish_control import Edition, HiddenRow, HiddenRows, parts_folder
from tasks.exchange.flush import flush

GRACE_SECONDS: Final = 60.0
"""How long a replaced edition stays at least: a reader who has just looked it up has not opened it yet."""
BUILDING: Final = ".building"
KERNEL_LOCKS: Final = Path("/proc/locks")


def edition_in_force(published: Path) -> Edition:
    """The edition that readers find now; number 0 where there is none, or none that this code has made."""
    for record in _records(parts_folder(published)):
        catalogue = record.with_suffix(".duckdb")
        with suppress(OSError, ValidationError):
            if catalogue.samefile(published):
                return Edition.model_validate_json(record.read_bytes())
    return Edition()


def is_complete(edition: Edition, folder: Path) -> bool:
    """Whether all its files are there, where its catalogue looks for them."""
    return edition.folder == str(folder) and all((folder / file).exists() for file in edition.files)


@contextmanager
def building(published: Path) -> Iterator[Path]:
    """An empty folder to make a catalogue in; what a crash left there is cleared first."""
    folder = parts_folder(published) / BUILDING
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def read_hidden(folder: Path, hidden: tuple[HiddenRows, ...]) -> dy.DataFrame[HiddenRow]:
    """The superseded rows that an edition's catalogue leaves out."""
    frames = [pl.read_parquet(folder / one.file) for one in hidden]
    return HiddenRow.validate(pl.concat([HiddenRow.create_empty(), *frames], how="vertical"), cast=True)


def write_hidden(folder: Path, file: str, rows: dy.DataFrame[HiddenRow]) -> HiddenRows:
    """Writes superseded rows for a catalogue to leave out."""
    rows.write_parquet(folder / file)
    return HiddenRows(file=file, rows=rows.height)


def next_number(published: Path) -> int:
    """A number that no edition has had, those that a crash kept from being put in force among them."""
    return max((int(record.stem) for record in _records(parts_folder(published))), default=0) + 1


def put_in_force(published: Path, catalogue: Path, edition: Edition) -> None:
    """Makes an edition the one that readers find, at once: before it they find the old one, whole."""
    folder = parts_folder(published)
    for file in edition.files:
        flush(folder / file)
    record = folder / f"{edition.number:09}.json"
    record.write_text(edition.model_dump_json())
    flush(record)
    ours = record.with_suffix(".duckdb")
    catalogue.chmod(0o444)
    flush(catalogue)
    catalogue.replace(ours)
    shown = folder / BUILDING / published.name
    os.link(ours, shown)
    flush(folder)
    shown.replace(published)
    # What somebody who opened the old catalogue to write left beside it must not be read with the new one.
    published.with_name(f"{published.name}.wal").unlink(missing_ok=True)
    flush(published.parent)


def clear_old_editions(published: Path, *, grace_seconds: float = GRACE_SECONDS) -> list[int]:
    """Removes editions that nobody has open, and the files that no edition needs any more.

    Returns:
        The numbers of the editions that stay.
    """
    folder = parts_folder(published)
    in_force = edition_in_force(published)
    staying = [in_force]
    replaced_at = 0.0
    for record in _records(folder):
        edition, changed_at = Edition.model_validate_json(record.read_bytes()), record.stat().st_mtime
        if edition.number != in_force.number:
            catalogue = record.with_suffix(".duckdb")
            if time.time() - max(replaced_at, changed_at) > grace_seconds and not _is_open(catalogue):
                catalogue.unlink(missing_ok=True)
                record.unlink()
                continue
            staying.append(edition)
        replaced_at = changed_at
    needed = {file for edition in staying for file in edition.files}
    for path in folder.glob("*.parquet"):
        if path.name not in needed:
            path.unlink()
    return sorted(edition.number for edition in staying)


def _records(folder: Path) -> list[Path]:
    """The records of editions, the newest first."""
    return sorted(folder.glob("*.json"), reverse=True)


def _is_open(catalogue: Path) -> bool:
    """Whether somebody has it open: every DuckDB holds a lock on the files that it has open."""
    try:
        if _is_locked(catalogue.stat().st_ino):
            return True
        catalogue.chmod(0o644)
        descriptor = os.open(catalogue, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_locked(inode: int) -> bool:
    """Whether the kernel tells of a lock (Linux; proc_locks(5)).

    It knows of this process's own too: asking for the lock would not show, but lose them.
    """
    with suppress(OSError):
        return any(line.split()[-3].endswith(f":{inode}") for line in KERNEL_LOCKS.read_text().splitlines())
    return False
